package dev.tally.sink.reconciling;

import dev.tally.sink.comparison.ComparedHour;
import dev.tally.sink.comparison.ComparedHour.Verdict;
import dev.tally.sink.comparison.HourComparison;
import dev.tally.sink.comparison.HourKey;
import dev.tally.sink.comparison.SentFact;
import dev.tally.sink.comparison.Standing;
import dev.tally.sink.reconciling.Reconciliation.Untold;
import dev.tally.sink.reporting.Answer;
import dev.tally.sink.reporting.DeliveryRules;
import dev.tally.sink.reporting.HourSums;
import dev.tally.sink.reporting.MinuteSum;
import dev.tally.sink.stripe.StripeSums;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** Compares facts and ledger with Stripe's sums; changes nothing anywhere. */
public final class Reconciler {
    /** Facts looked for one by one, so that a large difference does not take hours to tell. */
    private static final int MOST_LOOKUPS = 500;

    /** So often in a row without an answer, and the rest is not asked for. */
    private static final int MOST_SILENT = 3;

    private static final Duration HOUR = Duration.ofHours(1);

    private final SentFacts facts;
    private final PatientSums sums;
    private final Duration sumsDelay;
    private final long mostFacts;
    private final InstantSource clock;

    /**
     * A comparison that asks nothing yet.
     *
     * @param sumsDelay how long what Stripe took may be missing from its sums
     * @param mostFacts how many facts may be compared at once
     */
    public Reconciler(SentFacts facts, StripeSums sums, Duration sumsDelay, long mostFacts, InstantSource clock) {
        this.facts = facts;
        this.sums = new PatientSums(sums, () -> ThreadLocalRandom.current().nextLong(), Thread::sleep);
        this.sumsDelay = sumsDelay;
        this.mostFacts = mostFacts;
        this.clock = clock;
    }

    private record Lane(String customer, String eventName) {
        static Lane of(SentFact fact) {
            return new Lane(fact.customer(), fact.eventName());
        }
    }

    /**
     * Compares the hours from that of {@code from} to that before {@code to}, of customers and meters that have a chosen fact in them.
     *
     * @throws TooManyFactsException if there are more than may be compared at once
     * @throws InterruptedException if the thread was interrupted while waiting
     */
    public Reconciliation compare(Instant from, Instant to, Predicate<SentFact> chosen) throws InterruptedException {
        Instant first = from.truncatedTo(ChronoUnit.HOURS);
        Instant last = to.truncatedTo(ChronoUnit.HOURS);
        // Whatever is sent while Stripe is asked counts as sent a moment ago.
        Instant settledBefore = clock.instant().minus(sumsDelay);
        List<SentFact> all = facts.between(first, last, mostFacts).stream()
                .filter(fact -> !fact.customer().isEmpty())
                .toList();
        Map<Lane, List<SentFact>> lanes = all.stream().collect(Collectors.groupingBy(Lane::of));
        lanes.values().removeIf(ofLane -> ofLane.stream().noneMatch(chosen) || isDead(ofLane));
        Map<HourKey, BigDecimal> found = new TreeMap<>();
        List<Untold> untold = new ArrayList<>();
        List<SentFact> compared = new ArrayList<>();
        int silent = 0;
        for (Map.Entry<Lane, List<SentFact>> lane : lanes.entrySet()) {
            if (silent < MOST_SILENT) {
                if (ask(lane.getKey(), first, last, found, untold)) {
                    compared.addAll(lane.getValue());
                    silent = 0;
                } else {
                    silent += untold.getLast().isPermanent() ? 0 : 1;
                }
            } else {
                untold.add(new Untold(
                        lane.getKey().customer(),
                        lane.getKey().eventName(),
                        untold.getLast().answer()));
            }
        }
        List<ComparedHour> hours = HourComparison.compare(compared, found, settledBefore);
        List<SentFact> confirmed = new ArrayList<>();
        hours.stream()
                .filter(hour -> hour.verdict() == Verdict.EQUAL)
                .flatMap(hour -> hour.facts().stream())
                .filter(fact -> fact.at().standing() == Standing.UNCONFIRMED)
                .forEach(confirmed::add);
        List<SentFact> absent = absent(hours, confirmed);
        return new Reconciliation(first, last, hours, absent, confirmed, untold);
    }

    /** Where nothing can be at Stripe, it is not asked: it may not even know the customer. */
    private static boolean isDead(List<SentFact> facts) {
        return facts.stream().allMatch(fact -> fact.at().standing() == Standing.DEAD);
    }

    /** Whether Stripe told all that was asked for. */
    private boolean ask(Lane lane, Instant first, Instant last, Map<HourKey, BigDecimal> found, List<Untold> untold)
            throws InterruptedException {
        Map<Instant, BigDecimal> told = new TreeMap<>();
        for (Instant begin = first;
                begin.isBefore(last);
                begin = begin.plus(HOUR.multipliedBy(StripeSums.MOST_HOURS))) {
            Instant end = begin.plus(HOUR.multipliedBy(StripeSums.MOST_HOURS));
            HourSums answer = sums.inHours(begin, end.isBefore(last) ? end : last, lane.customer(), lane.eventName());
            switch (answer) {
                case HourSums.Of(Map<Instant, BigDecimal> byHour) -> told.putAll(byHour);
                case HourSums.Untold(Answer why) -> {
                    untold.add(new Untold(lane.customer(), lane.eventName(), why));
                    return false;
                }
            }
        }
        told.forEach((hour, sum) -> found.put(new HourKey(lane.customer(), lane.eventName(), hour), sum));
        return true;
    }

    /**
     * Of the hours with too little, the facts whose minutes are empty, where that proves something.
     *
     * @param confirmed takes the unconfirmed ones that are there
     */
    private List<SentFact> absent(List<ComparedHour> hours, List<SentFact> confirmed) throws InterruptedException {
        Instant now = clock.instant();
        List<SentFact> absent = new ArrayList<>();
        List<SentFact> candidates = hours.stream()
                .filter(hour -> hour.verdict() == Verdict.MISSING)
                .flatMap(hour -> hour.facts().stream())
                .filter(fact -> fact.at().standing().isTaken() && fact.hasOwnMinute() && fact.amount() != 0)
                .filter(fact -> !DeliveryRules.isBeyondSums(fact.timestamp(), now))
                .limit(MOST_LOOKUPS)
                .collect(Collectors.toList());
        for (SentFact fact : candidates) {
            if (sums.inMinuteOf(fact.timestamp(), fact.customer(), fact.eventName())
                    instanceof MinuteSum.Of(BigDecimal sum)) {
                if (sum.signum() == 0) {
                    absent.add(fact);
                } else if (fact.at().standing() == Standing.UNCONFIRMED
                        && sum.compareTo(BigDecimal.valueOf(fact.amount())) == 0) {
                    confirmed.add(fact);
                }
            }
        }
        return absent;
    }
}
