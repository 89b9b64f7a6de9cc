package dev.tally.sink.seats.rules;

import java.time.Duration;
import java.time.Instant;

/**
 * When an org's item is compared with the ledger: once in each interval of the calendar, at a time of its own. So the reads spread, and
 * restarts put off no check but those whose time comes while the process is away.
 */
public record CheckTimes(Duration interval) {
    /** Refuses intervals under a millisecond. */
    public CheckTimes {
        if (interval.toMillis() < 1) {
            throw new IllegalArgumentException("an interval of at least 1 ms is needed");
        }
    }

    /** The number of the interval that an org is in at {@code now}; a check is due when it rises. */
    public long number(String org, Instant now) {
        long millis = interval.toMillis();
        return Math.floorDiv(
                now.toEpochMilli() + Math.floorMod((long) org.hashCode() * 0x9E3779B97F4A7C15L, millis), millis);
    }
}
