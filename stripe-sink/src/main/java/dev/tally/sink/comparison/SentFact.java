package dev.tally.sink.comparison;

import java.time.Instant;
import java.time.temporal.ChronoUnit;

/**
 * A fact and how it stands.
 *
 * @param partition of its topic
 * @param customer Stripe's customer id
 * @param timestamp the time it is charged at
 * @param hasOwnMinute whether Stripe's sum over its minute tells whether it is there
 */
public record SentFact(
        int partition,
        String identifier,
        String payer,
        String customer,
        String eventName,
        long amount,
        Instant timestamp,
        boolean hasOwnMinute,
        Standings.At at) {
    /** The hour that it counts in. */
    public HourKey hour() {
        return new HourKey(customer, eventName, timestamp.truncatedTo(ChronoUnit.HOURS));
    }
}
