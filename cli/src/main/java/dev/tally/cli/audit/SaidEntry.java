package dev.tally.cli.audit;

import dev.tally.keys.Keys;
import dev.tally.schemas.LedgerEntry;
import dev.tally.schemas.LedgerState;

/** What the ledger says of a fact, and where. */
public record SaidEntry(LedgerEntry entry, Place place) {

    private static final String AMOUNT_DIFFERS = "amount_differs";
    private static final String REPORTED = "async_";

    /** Whether Stripe has it for sure. */
    boolean isAtStripe() {
        return entry.getState() == LedgerState.ACCEPTED || entry.getState() == LedgerState.DUPLICATE_OK;
    }

    /** Whether nothing is to follow by itself. */
    boolean isOutcome() {
        return isAtStripe()
                || entry.getState() == LedgerState.UNCONFIRMED
                || entry.getState() == LedgerState.DEAD
                || entry.getState() == LedgerState.PARKED;
    }

    /** Whether its identifier was known with another amount, so that it says nothing of what that one came to. */
    boolean isOfOtherAmount() {
        return entry.getState() == LedgerState.PARKED && AMOUNT_DIFFERS.equals(entry.getReason());
    }

    /** The key that the record must have. */
    byte[] key() {
        return isOfOtherAmount()
                ? Keys.ledgerOfOtherAmount(entry.getIdentifier(), entry.getAmount())
                : Keys.ledger(entry.getIdentifier());
    }

    /** Whether Stripe reported later that it does not count what it had taken. */
    boolean isReported() {
        String reason = entry.getReason();
        return entry.getState() == LedgerState.DEAD && reason != null && reason.startsWith(REPORTED);
    }

    /** In words. */
    String text() {
        return entry.getIdentifier() + " of " + entry.getAmount() + " (" + place + ")";
    }
}
