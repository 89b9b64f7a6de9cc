package dev.tally.cli.audit;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.Optional;
import java.util.SortedMap;

/** What Stripe says it has. */
public interface StripeTotals {

    /**
     * Sums of a customer's meter events by day, UTC; days without any may be left out. Empty where Stripe does not tell.
     *
     * @param from a midnight, inclusive
     * @param to a midnight, exclusive
     */
    Optional<SortedMap<Instant, BigDecimal>> byDay(String customer, String eventName, Instant from, Instant to);

    /**
     * The sum of a customer's meter events. Empty where Stripe does not tell.
     *
     * @param from a whole minute, inclusive
     * @param to a whole minute, exclusive
     */
    Optional<BigDecimal> sum(String customer, String eventName, Instant from, Instant to);
}
