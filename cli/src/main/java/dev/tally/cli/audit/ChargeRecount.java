package dev.tally.cli.audit;

import dev.tally.cli.audit.ChargeCatalogue.Charging;
import dev.tally.cli.audit.ChargeCatalogue.Granted;
import dev.tally.cli.audit.ChargeCatalogue.Standing;
import dev.tally.cli.audit.ChargeCatalogue.Subscribed;
import dev.tally.keys.Subject;
import dev.tally.schemas.ActionEvent;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Charges counted actions again, to whom and for what the catalogue says. Shares no code with the accounts stage, on purpose.
 *
 * <p>How much is accounted for does not depend on the order of the actions; what covers it does. Actions of one user are judged in the
 * order of the log, so for a payer whose actions all lie in one partition, in an order that nothing can have changed, what covers them
 * is recounted too. For others {@link ChargeComparison} has bounds.
 */
public final class ChargeRecount {

    private final ChargeCatalogue catalogue;
    private final boolean onePartition;
    private final SortedMap<ChargedMeter, Map<RowKey, long[]>> periods = new TreeMap<>();
    private final Set<PayerPeriod> doubtful = new HashSet<>();
    private final Map<String, Payer> payers = new HashMap<>();

    private record RowKey(Charging plan, Set<String> surely, Set<String> perhaps) {}

    private record PayerPeriod(String payer, Instant start) {}

    /** What is followed of a payer action by action, as long as the order of its actions is known. */
    private static final class Payer {
        private final Map<ChargedMeter, Split> splits = new HashMap<>();
        private final Map<String, Map<String, Long>> burned = new HashMap<>();
        private @Nullable Integer partition;
        private boolean inOrder = true;
        private boolean moving;
    }

    /**
     * A recount by a catalogue.
     *
     * @param onePartition whether all actions lie in one partition, so that their order is known for every payer
     */
    public ChargeRecount(ChargeCatalogue catalogue, boolean onePartition) {
        this.catalogue = catalogue;
        this.onePartition = onePartition;
    }

    /**
     * An action that counts.
     *
     * @param publishedAt append time of its record
     * @param judged whether it is processed for sure
     * @param amounts by meter
     * @return who pays for it; null where the catalogue changed just then
     */
    public @Nullable String action(
            int partition, Instant publishedAt, boolean judged, ActionEvent action, Map<String, Long> amounts) {
        Instant at = action.getOccurredAt();
        String user = Subject.user(action.getUserId()).text();
        Standing own = catalogue.standing(user, at, publishedAt);
        String orgId = action.getOrgId();
        if (orgId != null) {
            String org = Subject.org(orgId).text();
            Standing pooled = catalogue.standing(org, at, publishedAt);
            if (!pooled.sure()) {
                doubt(org, pooled.subscribed(), at);
                doubt(user, own.subscribed(), at);
                return null;
            }
            // An org's plan that is not known is taken for a pooled one, and waited for.
            if (pooled.phased() && (pooled.plan() == null || pooled.plan().orgPays())) {
                charge(partition, publishedAt, judged, org, pooled, at, amounts);
                return org;
            }
        }
        charge(partition, publishedAt, judged, user, own, at, amounts);
        return user;
    }

    private void charge(
            int partition,
            Instant publishedAt,
            boolean judged,
            String payer,
            Standing standing,
            Instant at,
            Map<String, Long> amounts) {
        Subscribed subscribed = standing.subscribed();
        Charging plan = standing.plan();
        if (!standing.sure() || (standing.phased() && plan == null)) {
            doubt(payer, subscribed, at);
            return;
        }
        if (subscribed == null || plan == null) {
            return;
        }
        boolean grantsReplaced = catalogue.grantsEver(payer).stream()
                .anyMatch(grant -> (grant.replaces() || grant.value() == null) && !grant.judged(publishedAt));
        if (grantsReplaced) {
            doubt(payer, subscribed, at);
            return;
        }
        Payer followed = follow(payer, partition, judged, subscribed);
        amounts.forEach((meter, amount) -> {
            ChargedMeter charged = new ChargedMeter(payer, meter, subscribed.period(at));
            charge(charged, followed, publishedAt, judged, standing, at, amount);
        });
    }

    private Payer follow(String payer, int partition, boolean judged, Subscribed subscribed) {
        Payer followed = payers.computeIfAbsent(payer, of -> new Payer());
        if (followed.partition == null) {
            followed.partition = partition;
        }
        boolean ordered =
                onePartition || (Subject.parse(payer).kind() == Subject.Kind.USER && followed.partition == partition);
        followed.moving |= !judged;
        followed.inOrder &= judged && ordered && !subscribed.canceled();
        return followed;
    }

    private void charge(
            ChargedMeter charged,
            Payer followed,
            Instant publishedAt,
            boolean judged,
            Standing standing,
            Instant at,
            long amount) {
        Charging plan = Objects.requireNonNull(standing.plan());
        List<Kept.Held<Granted>> held = catalogue.grantsEver(charged.payer()).stream()
                .filter(grant -> grant.value() != null && grant.value().meter().equals(charged.meter()))
                .toList();
        boolean surely = plan.charges(charged.meter()) || held.stream().anyMatch(grant -> grant.judged(publishedAt));
        if (!surely && held.isEmpty()) {
            return;
        }
        Set<String> known = new TreeSet<>();
        Set<String> perhaps = new TreeSet<>();
        List<Granted> inForce = new ArrayList<>();
        for (Kept.Held<Granted> one : held) {
            Granted grant = Objects.requireNonNull(one.value());
            if (grant.covers(at)) {
                inForce.add(grant);
                perhaps.add(grant.grantId());
                if (one.judged(publishedAt)) {
                    known.add(grant.grantId());
                }
            }
        }
        long[] row = periods.computeIfAbsent(charged, of -> new HashMap<>())
                .computeIfAbsent(new RowKey(plan, known, perhaps), of -> new long[2]);
        row[0] += judged && surely ? amount : 0;
        row[1] += amount;
        boolean seated = plan.included(charged.meter()).perSeat() != 0;
        followed.inOrder &= surely && known.equals(perhaps) && !seated;
        if (followed.inOrder) {
            inForce.sort(Granted.ORDER);
            cover(charged, followed, standing, inForce, amount);
        }
    }

    private static void cover(
            ChargedMeter charged, Payer followed, Standing standing, List<Granted> grants, long amount) {
        Charging plan = Objects.requireNonNull(standing.plan());
        Long cap = Objects.requireNonNull(standing.subscribed()).overageCap();
        Map<String, Long> burned = followed.burned.computeIfAbsent(charged.meter(), of -> new HashMap<>());
        Split before = followed.splits.getOrDefault(charged, Split.NONE);
        Map<String, Long> burns = new TreeMap<>();
        long left = amount;
        for (Granted grant : grants) {
            long some = Math.min(left, grant.amount() - burned.getOrDefault(grant.grantId(), 0L));
            if (some > 0) {
                burns.put(grant.grantId(), some);
                burned.merge(grant.grantId(), some, Long::sum);
                left -= some;
            }
        }
        long room = plan.included(charged.meter()).base() - before.included();
        long included = Math.max(0, Math.min(left, room));
        left -= included;
        long billable = !plan.billed().contains(charged.meter())
                ? 0
                : cap == null ? left : Math.max(0, Math.min(left, cap - before.overage()));
        followed.splits.put(charged, before.plus(new Split(included, billable, left - billable, burns)));
    }

    private void doubt(String payer, @Nullable Subscribed subscribed, Instant at) {
        payers.computeIfAbsent(payer, of -> new Payer()).inOrder = false;
        if (subscribed != null) {
            doubtful.add(new PayerPeriod(payer, subscribed.period(at).start()));
        }
    }

    /** What is recounted so far. */
    public SortedMap<ChargedMeter, ChargedPeriod> reading() {
        SortedMap<ChargedMeter, ChargedPeriod> reading = new TreeMap<>();
        periods.forEach((charged, rows) -> reading.put(charged, period(charged, rows)));
        return reading;
    }

    private ChargedPeriod period(ChargedMeter charged, Map<RowKey, long[]> rows) {
        Payer followed = Objects.requireNonNull(payers.get(charged.payer()));
        Standing standing = catalogue.standing(charged.payer(), charged.period().start(), Instant.MAX);
        Subscribed subscribed = standing.subscribed();
        return new ChargedPeriod(
                rows.entrySet().stream()
                        .map(row -> new ChargedPeriod.Row(
                                row.getKey().plan(),
                                row.getKey().surely(),
                                row.getKey().perhaps(),
                                row.getValue()[0],
                                row.getValue()[1]))
                        .toList(),
                !doubtful.contains(
                        new PayerPeriod(charged.payer(), charged.period().start())),
                followed.moving,
                subscribed != null && subscribed.canceled(),
                followed.inOrder ? Optional.ofNullable(followed.splits.get(charged)) : Optional.empty());
    }
}
