package dev.tally.sink.stripe;

import dev.tally.sink.reporting.HourSums;
import dev.tally.sink.reporting.MinuteSum;
import java.time.Instant;

/** Stripe's sums of what it took. Implementations are safe for use by many threads. */
public interface StripeSums {
    /**
     * Asks once for the sum of a customer's events of a meter in the minute of {@code at}. What was taken a short while ago may be missing
     * from it (Stripe: "eventually consistent"). Failures of any kind are answers.
     *
     * @throws InterruptedException if the thread was interrupted while waiting
     */
    MinuteSum inMinuteOf(Instant at, String customer, String eventName) throws InterruptedException;

    /** The most hours that one question covers: Stripe's largest page. */
    int MOST_HOURS = 100;

    /**
     * Asks once for the sums of a customer's events of a meter by hour; what was taken a short while ago may be missing from them. Failures of
     * any kind are answers.
     *
     * @param from start of the first hour
     * @param to end of the last hour, at most {@link #MOST_HOURS} later
     * @throws InterruptedException if the thread was interrupted while waiting
     */
    HourSums inHours(Instant from, Instant to, String customer, String eventName) throws InterruptedException;
}
