package dev.tally.streams.metering;

import java.time.Instant;

/** A span of time {@code [start, end)}. */
public record Period(Instant start, Instant end) {

    public Period {
        if (!start.isBefore(end)) {
            throw new IllegalArgumentException("start " + start + " is not before end " + end);
        }
    }

    /** Whether an instant lies in it. */
    public boolean contains(Instant at) {
        return !at.isBefore(start) && at.isBefore(end);
    }
}
