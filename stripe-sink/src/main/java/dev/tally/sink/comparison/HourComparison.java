package dev.tally.sink.comparison;

import dev.tally.sink.comparison.ComparedHour.Verdict;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/** Compares the facts with Stripe's sums, hour by hour. */
public final class HourComparison {
    private HourComparison() {}

    /**
     * One row for each hour that has a fact or a sum.
     *
     * @param found Stripe's sums; an hour without one has the sum 0
     * @param settledBefore what was sent at or after this may still be missing from the sums
     */
    public static List<ComparedHour> compare(
            Collection<SentFact> facts, Map<HourKey, BigDecimal> found, Instant settledBefore) {
        Map<HourKey, List<SentFact>> byHour = new TreeMap<>();
        facts.forEach(fact ->
                byHour.computeIfAbsent(fact.hour(), unused -> new ArrayList<>()).add(fact));
        TreeSet<HourKey> hours = new TreeSet<>(byHour.keySet());
        hours.addAll(found.keySet());
        List<ComparedHour> compared = new ArrayList<>();
        for (HourKey hour : hours) {
            List<SentFact> ofHour = byHour.getOrDefault(hour, List.of());
            BigDecimal taken = ofHour.stream()
                    .filter(fact -> fact.at().standing().isTaken())
                    .map(fact -> BigDecimal.valueOf(fact.amount()))
                    .reduce(BigDecimal.ZERO, BigDecimal::add);
            BigDecimal sum = found.getOrDefault(hour, BigDecimal.ZERO);
            boolean settled = ofHour.stream().allMatch(fact -> isSettled(fact, settledBefore));
            compared.add(new ComparedHour(hour, verdict(settled, sum.compareTo(taken)), taken, sum, ofHour));
        }
        return compared;
    }

    private static boolean isSettled(SentFact fact, Instant settledBefore) {
        return switch (fact.at().standing()) {
            case OPEN -> false;
            case TAKEN, UNCONFIRMED, DEAD -> fact.at().since().isBefore(settledBefore);
            case PARKED -> true;
        };
    }

    private static Verdict verdict(boolean settled, int comparison) {
        if (!settled) {
            return Verdict.UNSETTLED;
        }
        return comparison == 0 ? Verdict.EQUAL : comparison < 0 ? Verdict.MISSING : Verdict.EXTRA;
    }
}
