package dev.tally.sink.delivery;

import dev.tally.schemas.LedgerEntry;
import dev.tally.schemas.LedgerState;
import dev.tally.sink.reporting.Fact;
import dev.tally.sink.reporting.Outcome;
import java.time.Instant;

/** Writes down what is known of a fact as an entry of the ledger. */
final class LedgerEntries {
    private LedgerEntries() {}

    static LedgerEntry intent(Fact fact, Instant now) {
        return entry(fact, LedgerState.INTENT, now, 0, now).build();
    }

    static LedgerEntry outcome(Settled settled, Instant now) {
        LedgerEntry.Builder entry = entry(
                        settled.fact(), state(settled.outcome()), settled.firstAttemptAt(), settled.keyNumber(), now)
                .setRequestId(settled.requestId());
        return switch (settled.outcome()) {
            case Outcome.Accepted() -> entry.build();
            case Outcome.Unconfirmed() -> entry.build();
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
            case Outcome.DuplicateOk() -> LedgerState.DUPLICATE_OK;
            case Outcome.Dead(String reason, String detail) -> LedgerState.DEAD;
            case Outcome.Parked(String reason, String detail) -> LedgerState.PARKED;
        };
    }

    private static LedgerEntry.Builder entry(
            Fact fact, LedgerState state, Instant firstAttemptAt, int keyNumber, Instant at) {
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
                .setAt(at);
    }
}
