package dev.tally.streams.metering;

import java.time.Instant;

/**
 * Usage of a subject and meter that is far from what is usual for it.
 *
 * @param kind more than usual, or less
 * @param start of the window that was looked at, inclusive
 * @param end of it, exclusive: the end of the minute in which it was found
 * @param observed what was used in it
 * @param baseline what is usual for such a window
 */
public record Deviation(Kind kind, Instant start, Instant end, long observed, long baseline) {

    /** Which way usage deviates. */
    public enum Kind {
        /** Five times the baseline or more. */
        ANOMALY,
        /** A tenth of the baseline or less. */
        SILENCE
    }

    /** How many times the baseline was observed, rounded down; 0 for less than once. */
    public long factor() {
        return observed / Math.max(1, baseline);
    }
}
