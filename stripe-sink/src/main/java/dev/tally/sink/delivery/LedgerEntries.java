package dev.tally.sink.delivery;

import dev.tally.keys.Keys;
import dev.tally.schemas.LedgerEntry;
import dev.tally.schemas.LedgerState;
import dev.tally.sink.reporting.Admission;
import dev.tally.sink.reporting.Fact;
import dev.tally.sink.reporting.Outcome;
import dev.tally.sink.reporting.Replay;
import java.time.Instant;

/** Writes down what is known of a fact as an entry of the ledger. */
public final class LedgerEntries {
    private LedgerEntries() {}

    /** Whether it is of a fact whose identifier was known with another amount, and says nothing of what that one came to. */
    public static boolean isConflict(LedgerEntry entry) {
        return entry.getState() == LedgerState.PARKED && Admission.AMOUNT_DIFFERS.equals(entry.getReason());
    }

    static byte[] key(LedgerEntry entry) {
        return isConflict(entry)
                ? Keys.ledgerOfOtherAmount(entry.getIdentifier(), entry.getAmount())
                : Keys.ledger(entry.getIdentifier());
    }

    static LedgerEntry intent(Delivery delivery, Instant now) {
        int keyNumber = delivery.attempts().key().number();
        return entry(delivery.fact(), LedgerState.INTENT, delivery.firstAttemptAt(), keyNumber, now, delivery.replay())
                .build();
    }

    static LedgerEntry outcome(Settled settled, Instant now) {
        LedgerEntry.Builder entry = entry(
                        settled.fact(),
                        state(settled.outcome()),
                        settled.firstAttemptAt(),
                        settled.keyNumber(),
                        now,
                        settled.replay())
                .setRequestId(settled.requestId());
        return switch (settled.outcome()) {
            case Outcome.Accepted() -> entry.build();
            case Outcome.Unconfirmed() -> entry.build();
            case Outcome.Confirmed() -> entry.build();
            case Outcome.DuplicateOk() -> entry.build();
            case Outcome.Dead(String reason, String detail) ->
                entry.setReason(reason).build();
            case Outcome.Parked(String reason, String detail) ->
                entry.setReason(reason).build();
        };
    }

    private static LedgerState state(Outcome outcome) {
        return switch (outcome) {
            case Outcome.Accepted() -> LedgerState.ACCEPTED;
            case Outcome.Unconfirmed() -> LedgerState.UNCONFIRMED;
            case Outcome.Confirmed() -> LedgerState.ACCEPTED;
            case Outcome.DuplicateOk() -> LedgerState.DUPLICATE_OK;
            case Outcome.Dead(String reason, String detail) -> LedgerState.DEAD;
            case Outcome.Parked(String reason, String detail) -> LedgerState.PARKED;
        };
    }

    static LedgerEntry.Builder entry(
            Fact fact, LedgerState state, Instant firstAttemptAt, int keyNumber, Instant at, Replay replay) {
        return LedgerEntry.newBuilder()
                .setIdentifier(fact.identifier())
                .setPayer(fact.payer())
                .setStripeCustomerId(fact.customer())
                .setEventName(fact.eventName())
                .setAmount(fact.amount())
                .setTimestamp(fact.timestamp())
                .setState(state)
                .setFirstAttemptAt(firstAttemptAt)
                .setKeyNumber(keyNumber)
                .setAt(at)
                .setReplays(replay.number())
                .setReplayedAt(replay.at())
                .setFactTimestamp(replay.ownTimestamp());
    }
}
