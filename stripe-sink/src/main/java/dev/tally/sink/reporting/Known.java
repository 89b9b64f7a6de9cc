package dev.tally.sink.reporting;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What the ledger remembers of an identifier.
 *
 * @param reason why it is dead or parked; null otherwise
 * @param amount the amount it was first seen with
 * @param timestamp the time it is charged at
 * @param firstAttemptAt no attempt was made before this
 * @param keyNumber number behind the Idempotency-Key
 * @param at when this state was reached
 */
public record Known(
        State state,
        @Nullable String reason,
        long amount,
        Instant timestamp,
        Instant firstAttemptAt,
        int keyNumber,
        Instant at,
        Replay replay) {
    /** How far the delivery got. */
    public enum State {
        /** Attempts may have been made, the outcome is open. */
        INTENT,
        /** Stripe took it; nothing is to be sent. */
        TAKEN,
        /** Stripe took it into its stream, and may not count it; nothing is to be sent. */
        UNCONFIRMED,
        /** It is not at Stripe, and was kept as a dead letter; nothing is to be sent but by request. */
        DEAD,
        /** It may be at Stripe or not, and was kept as a dead letter; nothing is to be sent but by request. */
        PARKED
    }

    /** Whether Stripe took it, confirmed or not. */
    public boolean isTaken() {
        return state == State.TAKEN || state == State.UNCONFIRMED;
    }

    /** The timestamp of the fact itself. */
    public Instant ownTimestamp() {
        Instant own = replay.ownTimestamp();
        return own == null ? timestamp : own;
    }

    /** What Stripe said before this is about an earlier delivery. */
    public Instant deliveredSince() {
        Instant again = replay.at();
        return again == null ? firstAttemptAt : again;
    }
}
