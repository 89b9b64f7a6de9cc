package dev.tally.streams.topology;

import dev.tally.streams.metering.Rejection;

/** What becomes of a record of {@code actions}: exactly one of these, decided in this order of checks. */
sealed interface Outcome {

    /** It could not be read, or breaks a rule. */
    record DeadLettered(Rejection why) implements Outcome {}

    /** It is older than stream time minus the lateness horizon. */
    record Late(Seen seen) implements Outcome {}

    /** Its (userId, eventId) was accepted before. */
    record Duplicate() implements Outcome {}

    /** It changed nothing; its id is remembered. */
    record ReadOnly() implements Outcome {}

    /** It is counted. */
    record Counted() implements Outcome {}

    /** Whether a late action is one that was accepted before. */
    enum Seen {
        YES,
        NO,
        UNKNOWN
    }
}
