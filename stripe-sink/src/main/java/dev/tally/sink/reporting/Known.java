package dev.tally.sink.reporting;

import java.time.Instant;

/**
 * What the ledger remembers of an identifier.
 *
 * @param amount the amount it was first seen with
 * @param timestamp the time it is charged at
 * @param firstAttemptAt no attempt was made before this
 * @param keyNumber number behind the Idempotency-Key
 * @param at when this state was reached
 */
public record Known(State state, long amount, Instant timestamp, Instant firstAttemptAt, int keyNumber, Instant at) {
    /** How far the delivery got. */
    public enum State {
        /** Attempts may have been made, the outcome is open. */
        INTENT,
        /** Stripe took it; nothing is to be sent. */
        TAKEN,
        /** It was kept as a dead letter; nothing is to be sent. */
        KEPT
    }
}
