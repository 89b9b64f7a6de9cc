package dev.tally.sink.seats.rules;

import java.time.Instant;

/**
 * A seat change as it was read.
 *
 * @param version rises with each change of an org, from 1
 * @param quantity absolute number of seats
 * @param effectiveAt midnight of the day from which it holds
 * @param cause what changed
 * @param offset where it was read
 * @param appendedAt when it was appended there
 */
public record Change(long version, long quantity, Instant effectiveAt, String cause, long offset, Instant appendedAt) {

    Change effectiveAt(Instant otherTime) {
        return new Change(version, quantity, otherTime, cause, offset, appendedAt);
    }
}
