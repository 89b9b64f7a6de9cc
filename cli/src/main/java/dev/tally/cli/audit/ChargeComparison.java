package dev.tally.cli.audit;

import dev.tally.cli.audit.ChargeCatalogue.Granted;
import dev.tally.cli.audit.ChargeCatalogue.Included;
import dev.tally.cli.audit.ChargedPeriod.Row;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Compares what Tally says payers are charged with the recount.
 *
 * <p>How much is accounted for must be equal. What covers it must be equal where the order of the actions is known. Otherwise there is
 * still no order of the actions in which a grant is taken from by actions that it does not cover, in which something is left of a grant
 * or of what a period includes while an action that it covers goes without, or in which a later grant is taken from before an earlier
 * one is used up: each of these shows as a difference.
 */
public final class ChargeComparison {

    /** Of more grants than that only each one and all together are looked at. */
    private static final int EACH_COMBINATION = 8;

    private final ChargeCatalogue catalogue;
    private final Map<ChargedMeter, ChargedPeriod> recounted;
    private final Map<ChargedMeter, SaidCharges> said;
    private final Map<PayerMeter, Map<String, Long>> taken = new HashMap<>();

    private record PayerMeter(String payer, String meter) {}

    /**
     * Compares.
     *
     * @param said of all periods of a payer that are recounted, or what its grants have left is not known
     */
    public ChargeComparison(
            ChargeCatalogue catalogue,
            Map<ChargedMeter, ChargedPeriod> recounted,
            Map<ChargedMeter, SaidCharges> said) {
        this.catalogue = catalogue;
        this.recounted = new TreeMap<>(recounted);
        this.said = new TreeMap<>(said);
        said.forEach((charged, charges) -> charges.burns()
                .forEach((grant, amount) -> taken.computeIfAbsent(
                                new PayerMeter(charged.payer(), charged.meter()), of -> new TreeMap<>())
                        .merge(grant, amount, Long::sum)));
    }

    /** Whether the recount says exactly what a period must show. */
    public boolean isExact(ChargedMeter charged) {
        return recounted.containsKey(charged)
                && recounted.get(charged).provable()
                && recounted.get(charged).split().isPresent();
    }

    /** Whether a period can be compared at all. */
    public boolean isProvable(ChargedMeter charged) {
        return !recounted.containsKey(charged) || recounted.get(charged).provable();
    }

    /** Grants from which more was taken than they ever had. */
    public List<String> overdrawn() {
        List<String> differences = new ArrayList<>();
        taken.forEach((of, byGrant) -> byGrant.forEach((grant, amount) -> {
            long most = catalogue.mostGranted(of.payer(), grant);
            if (amount > most) {
                differences.add(of.payer() + " " + of.meter() + ": " + amount + " were taken from grant " + grant
                        + ", which gives " + most);
            }
        }));
        Collections.sort(differences);
        return differences;
    }

    /** What is said to be reported of a period's overage. */
    public long reported(ChargedMeter charged) {
        SaidCharges says = said.getOrDefault(charged, SaidCharges.NONE);
        return says.overage() - says.unreported();
    }

    /**
     * Differences between what a period bills and what its facts say, one line each.
     *
     * @param before sum of its facts before Tally was asked
     * @param after and afterwards
     */
    public List<String> facts(ChargedMeter charged, long before, long after) {
        Found found = new Found(charged);
        ChargedPeriod period = recounted.get(charged);
        boolean onlyOverage = period == null
                || period.rows().stream().noneMatch(row -> row.plan().accountsForAll());
        if (onlyOverage) {
            found.within("reported by facts", Math.min(before, after), Math.max(before, after), reported(charged));
        }
        return found.lines;
    }

    /** Differences of one period, one line each. */
    public List<String> differences(ChargedMeter charged) {
        Found found = new Found(charged);
        SaidCharges says = said.getOrDefault(charged, SaidCharges.NONE);
        found.addsUp(says);
        ChargedPeriod period = recounted.get(charged);
        if (period == null) {
            found.equal("used", 0, says.used());
        } else if (period.provable()) {
            found.within("used", period.least(), period.most(), says.used());
            Optional<Split> split = period.split();
            if (split.isPresent()) {
                found.split(split.get(), says.split());
            } else if (!period.moving()) {
                found.bounded(period, says);
            }
        }
        return found.lines;
    }

    private final class Found {
        private final ChargedMeter charged;
        private final List<String> lines = new ArrayList<>();

        Found(ChargedMeter charged) {
            this.charged = charged;
        }

        private void add(String what) {
            lines.add(charged + ": " + what);
        }

        void equal(String what, long recount, long says) {
            within(what, recount, recount, says);
        }

        void within(String what, long least, long most, long says) {
            if (says < least || says > most) {
                String range = least == most ? Long.toString(least) : least + " to " + most;
                add(what + ": recounted " + range + ", Tally says " + says);
            }
        }

        private void atMost(String what, long most, long says) {
            if (says > most) {
                add(what + ": recounted at most " + most + ", Tally says " + says);
            }
        }

        private void atLeast(String what, long least, long says) {
            if (says < least) {
                add(what + ": recounted at least " + least + ", Tally says " + says);
            }
        }

        void addsUp(SaidCharges says) {
            long remaining = says.included() + says.granted() - says.used() + says.overage() + says.excess();
            if (remaining != says.includedRemaining() + says.grantsRemaining()) {
                add("included " + says.included() + " + granted " + says.granted() + " - used " + says.used()
                        + " + overage " + says.overage() + " + excess " + says.excess() + " is " + remaining
                        + ", and " + says.includedRemaining() + " + " + says.grantsRemaining() + " are said to remain");
            }
            if (says.split().granted() != says.granted() - says.grantsRemaining()) {
                add("grants gave " + (says.granted() - says.grantsRemaining()) + ", and "
                        + says.split().granted() + " were taken from them one by one");
            }
            if (says.split().total() != says.used()) {
                add("what covered it is " + says.split().total() + ", used " + says.used());
            }
        }

        void split(Split recount, Split says) {
            equal("included", recount.included(), says.included());
            equal("overage", recount.overage(), says.overage());
            equal("excess", recount.excess(), says.excess());
            Set<String> grants = new TreeSet<>(recount.burns().keySet());
            grants.addAll(says.burns().keySet());
            grants.forEach(grant -> equal(
                    "taken from grant " + grant,
                    recount.burns().getOrDefault(grant, 0L),
                    says.burns().getOrDefault(grant, 0L)));
        }

        void bounded(ChargedPeriod period, SaidCharges says) {
            burns(period, says.split());
            if (!period.canceled()) {
                usedUp(period, says.split());
            }
            included(period, says.split());
            beyond(period, says.split());
        }

        /** No grant gave anything to an action that it does not cover. */
        private void burns(ChargedPeriod period, Split says) {
            for (Set<String> some : combinations(says.burns().keySet())) {
                atMost(
                        "taken from " + some,
                        period.most(row -> !Collections.disjoint(row.perhaps(), some)),
                        some.stream().mapToLong(says.burns()::get).sum());
            }
        }

        private static List<Set<String>> combinations(Set<String> of) {
            List<String> all = List.copyOf(new TreeSet<>(of));
            List<Set<String>> some = new ArrayList<>();
            if (all.size() > EACH_COMBINATION) {
                all.forEach(one -> some.add(Set.of(one)));
                some.add(new TreeSet<>(all));
                return some;
            }
            for (int bits = 1; bits < 1 << all.size(); bits++) {
                Set<String> one = new TreeSet<>();
                for (int i = 0; i < all.size(); i++) {
                    if ((bits >> i & 1) == 1) {
                        one.add(all.get(i));
                    }
                }
                some.add(one);
            }
            return some;
        }

        /** As long as anything is left of a grant, it and those before it cover all that they can. */
        private void usedUp(ChargedPeriod period, Split says) {
            List<Granted> grants = catalogue.grants(charged.payer(), charged.meter());
            Set<String> left = new HashSet<>();
            for (Granted grant : grants) {
                if (takenFrom(grant) < grant.amount()) {
                    left.add(grant.grantId());
                }
            }
            atLeast(
                    "taken from grants",
                    period.least(row -> !Collections.disjoint(row.surely(), left)),
                    says.granted());
            for (int i = 0; i < grants.size(); i++) {
                Granted grant = grants.get(i);
                if (left.contains(grant.grantId())) {
                    Set<String> later = new HashSet<>();
                    grants.subList(i + 1, grants.size()).forEach(one -> later.add(one.grantId()));
                    atMost(
                            "taken from grants that come after " + grant.grantId(),
                            period.most(row -> !row.surely().contains(grant.grantId())
                                    && !Collections.disjoint(row.perhaps(), later)),
                            later.stream()
                                    .mapToLong(one -> says.burns().getOrDefault(one, 0L))
                                    .sum());
                }
            }
        }

        private long takenFrom(Granted grant) {
            return taken.getOrDefault(new PayerMeter(charged.payer(), charged.meter()), Map.of())
                    .getOrDefault(grant.grantId(), 0L);
        }

        /** What is included is not more than a plan gives to the usage under it, and all of it goes before anything is beyond. */
        private void included(ChargedPeriod period, Split says) {
            Set<Long> steps = new TreeSet<>();
            steps.add(0L);
            period.rows().forEach(row -> steps.add(mostIncluded(row)));
            for (long step : steps) {
                atMost(
                        step == 0 ? "included" : "included beyond " + step,
                        period.most(row -> mostIncluded(row) > step),
                        Math.max(0, says.included() - step));
            }
            if (!period.canceled()) {
                atMost(
                        "overage and excess",
                        period.most(row -> leastIncluded(row) <= says.included()),
                        says.overage() + says.excess());
            }
        }

        private long leastIncluded(Row row) {
            return row.plan().included(charged.meter()).with(0);
        }

        private long mostIncluded(Row row) {
            Included included = row.plan().included(charged.meter());
            return included.with(included.perSeat() == 0 ? 0 : catalogue.mostSeats(charged.payer()));
        }

        /** Only what a plan bills is billed, and that is never lost. */
        private void beyond(ChargedPeriod period, Split says) {
            atMost("overage", period.most(this::bills), says.overage());
            Long cap = catalogue.overageCap(charged.payer());
            if (cap != null) {
                atMost("overage", cap, says.overage());
            }
            if (!period.canceled() && (cap == null || says.overage() < cap)) {
                atMost("excess", period.most(row -> !bills(row)), says.excess());
            }
        }

        private boolean bills(Row row) {
            return row.plan().billed().contains(charged.meter());
        }
    }
}
