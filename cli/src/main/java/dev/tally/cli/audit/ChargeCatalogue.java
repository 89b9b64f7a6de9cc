package dev.tally.cli.audit;

import dev.tally.keys.Subject;
import dev.tally.schemas.Beyond;
import dev.tally.schemas.Grant;
import dev.tally.schemas.Limit;
import dev.tally.schemas.LimitWindow;
import dev.tally.schemas.Membership;
import dev.tally.schemas.MembershipStatus;
import dev.tally.schemas.PayerKind;
import dev.tally.schemas.Phase;
import dev.tally.schemas.Plan;
import dev.tally.schemas.Report;
import dev.tally.schemas.Scope;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.SubscriptionStatus;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What the catalogue topics say about who pays for what, read by the audit itself. */
public final class ChargeCatalogue {

    private final Kept<Subscribed> subscriptions = new Kept<>();
    private final Kept<Charging> plans = new Kept<>();
    private final Map<String, Kept<Granted>> grants = new HashMap<>();
    private final Map<String, Long> mostGranted = new HashMap<>();
    private final Map<String, Set<String>> everAccepted = new HashMap<>();

    /**
     * A subscription, as far as it decides about charges.
     *
     * @param overageCap null: none
     * @param billed whether usage beyond is billed, by meter, where it goes by the subscription and not by the plan
     */
    record Subscribed(
            Instant anchor,
            List<Phased> phases,
            boolean canceled,
            @Nullable Long overageCap,
            Map<String, Boolean> billed) {

        Optional<Phased> at(Instant at) {
            return phases.stream().filter(phase -> !phase.from().isAfter(at)).max(Comparator.comparing(Phased::from));
        }

        BillingMonth period(Instant at) {
            return BillingMonth.of(anchor, at);
        }
    }

    /** A plan from an instant on. */
    record Phased(String plan, Instant from) {}

    /**
     * What a plan includes and bills.
     *
     * @param included by meter
     * @param billed meters of which usage beyond is billed
     * @param billedByPlan the same by the plan alone: what an override takes from them is still accounted for
     * @param accountsForAll whether each meter is accounted for
     */
    record Charging(
            String plan,
            boolean orgPays,
            Map<String, Included> included,
            Set<String> billed,
            Set<String> billedByPlan,
            boolean accountsForAll) {

        Charging(
                String plan,
                boolean orgPays,
                Map<String, Included> included,
                Set<String> billed,
                boolean accountsForAll) {
            this(plan, orgPays, included, billed, billed, accountsForAll);
        }

        boolean charges(String meter) {
            return accountsForAll
                    || included.containsKey(meter)
                    || billed.contains(meter)
                    || billedByPlan.contains(meter);
        }

        Charging with(Map<String, Boolean> overrides) {
            Set<String> merged = new HashSet<>(billed);
            overrides.forEach((meter, isBilled) -> {
                if (isBilled) {
                    merged.add(meter);
                } else {
                    merged.remove(meter);
                }
            });
            return new Charging(plan, orgPays, included, merged, billedByPlan, accountsForAll);
        }

        Included included(String meter) {
            return included.getOrDefault(meter, Included.NOTHING);
        }
    }

    /** What a period includes. */
    record Included(long base, long perSeat) {
        static final Included NOTHING = new Included(0, 0);

        long with(long seats) {
            return base + perSeat * seats;
        }
    }

    /** A grant. */
    record Granted(
            String grantId,
            String meter,
            long amount,
            Instant effectiveAt,
            @Nullable Instant expiresAt) {

        /** What ends first is taken from first. */
        static final Comparator<Granted> ORDER = Comparator.comparing(
                        (Granted grant) -> grant.expiresAt() == null ? Instant.MAX : grant.expiresAt())
                .thenComparing(Granted::effectiveAt)
                .thenComparing(Granted::grantId);

        boolean covers(Instant at) {
            return !at.isBefore(effectiveAt) && (expiresAt == null || at.isBefore(expiresAt));
        }
    }

    /**
     * What holds for a subject.
     *
     * @param subscribed null where it has none
     * @param plan null where no phase has begun, or its plan is not known
     * @param phased whether a phase has begun
     * @param sure whether the catalogue was so when the action was judged
     */
    record Standing(
            @Nullable Subscribed subscribed, @Nullable Charging plan, boolean phased, boolean sure) {}

    /** A subscription's record, in the order of its topic; null where it is removed. */
    public void subscription(String subject, @Nullable Subscription record, Instant writtenAt) {
        subscriptions.put(subject, record == null ? null : subscribed(subject, record), writtenAt);
    }

    private static Subscribed subscribed(String subject, Subscription record) {
        Scope payer = Subject.parse(subject).kind() == Subject.Kind.ORG ? Scope.ORG : Scope.USER;
        return new Subscribed(
                record.getAnchor(),
                record.getPhases().stream().map(ChargeCatalogue::phased).toList(),
                record.getStatus() == SubscriptionStatus.CANCELED,
                record.getOverageCap(),
                ofPeriod(record.getOverrides(), payer)
                        .collect(Collectors.toMap(
                                Limit::getMeter, limit -> limit.getBeyond() == Beyond.BILL, Boolean::logicalOr)));
    }

    private static Stream<Limit> ofPeriod(List<Limit> limits, Scope payer) {
        return limits.stream().filter(limit -> limit.getScope() == payer && limit.getWindow() == LimitWindow.PERIOD);
    }

    private static Phased phased(Phase phase) {
        return new Phased(phase.getPlanId() + "@" + phase.getVersion(), phase.getEffectiveFrom());
    }

    /** A plan's record. The first of a version counts. */
    public void plan(Plan record, Instant writtenAt) {
        String id = record.getPlanId() + "@" + record.getVersion();
        boolean orgPays = record.getPayer() == PayerKind.ORG;
        Scope payer = orgPays ? Scope.ORG : Scope.USER;
        plans.putFirst(
                id,
                new Charging(
                        id,
                        orgPays,
                        record.getAllocations().stream()
                                .collect(Collectors.toMap(
                                        of -> of.getMeter(), of -> new Included(of.getBase(), of.getPerSeat()))),
                        ofPeriod(record.getLimits(), payer)
                                .filter(limit -> limit.getBeyond() == Beyond.BILL)
                                .map(Limit::getMeter)
                                .collect(Collectors.toSet()),
                        record.getReport() == Report.ALL),
                writtenAt);
    }

    /**
     * A grant's record, in the order of its topic; null where it is removed.
     *
     * @param subject whose it is
     */
    public void grant(String subject, String key, @Nullable Grant record, Instant writtenAt) {
        Granted granted = record == null
                ? null
                : new Granted(
                        record.getGrantId(),
                        record.getMeter(),
                        record.getAmount(),
                        record.getEffectiveAt(),
                        record.getExpiresAt());
        grants.computeIfAbsent(subject, of -> new Kept<>()).put(key, granted, writtenAt);
        if (granted != null) {
            mostGranted.merge(subject + "/" + granted.grantId(), granted.amount(), Math::max);
        }
    }

    /** A membership's record. */
    public void membership(Membership record) {
        if (record.getStatus() == MembershipStatus.ACCEPTED) {
            everAccepted
                    .computeIfAbsent(Subject.org(record.getOrgId()).text(), org -> new HashSet<>())
                    .add(record.getUserId());
        }
    }

    Standing standing(String subject, Instant at, Instant publishedAt) {
        Optional<Kept.Held<Subscribed>> held = subscriptions.of(subject);
        Subscribed subscribed = held.map(Kept.Held::value).orElse(null);
        boolean sure = held.map(of -> of.judged(publishedAt)).orElse(true);
        Optional<Phased> phase = subscribed == null ? Optional.empty() : subscribed.at(at);
        Optional<Kept.Held<Charging>> plan = phase.flatMap(of -> plans.of(of.plan()));
        return new Standing(
                subscribed,
                plan.map(Kept.Held::value)
                        .map(of -> subscribed == null ? of : of.with(subscribed.billed()))
                        .orElse(null),
                phase.isPresent(),
                sure && plan.map(of -> of.judged(publishedAt)).orElse(true));
    }

    /** All that a subject ever had, also what is removed. */
    List<Kept.Held<Granted>> grantsEver(String subject) {
        Kept<Granted> of = grants.get(subject);
        return of == null ? List.of() : of.all().toList();
    }

    /** Whether a subject ever had a grant. */
    public boolean hasGrants(String subject) {
        return grants.containsKey(subject);
    }

    /** A subject's grants of a meter, in the order in which they are taken from. */
    List<Granted> grants(String subject, String meter) {
        List<Granted> found = new ArrayList<>();
        for (Kept.Held<Granted> held : grantsEver(subject)) {
            Granted grant = held.value();
            if (grant != null && grant.meter().equals(meter)) {
                found.add(grant);
            }
        }
        found.sort(Granted.ORDER);
        return found;
    }

    /** The most that is billed beyond what a period of a subject includes; null: no cap. */
    @Nullable
    Long overageCap(String subject) {
        return subscriptions
                .of(subject)
                .map(Kept.Held::value)
                .map(Subscribed::overageCap)
                .orElse(null);
    }

    /** The most that a grant ever was; 0 where it is not known. */
    long mostGranted(String subject, String grantId) {
        return mostGranted.getOrDefault(subject + "/" + grantId, 0L);
    }

    /** The most seats that an org can ever have had; 0 for a user. */
    long mostSeats(String subject) {
        return everAccepted.getOrDefault(subject, Set.of()).size();
    }
}
