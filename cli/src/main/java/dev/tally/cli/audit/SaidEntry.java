package dev.tally.cli.audit;

import dev.tally.schemas.LedgerEntry;
import dev.tally.schemas.LedgerState;

/** What the ledger says of a fact, and where. */
public record SaidEntry(LedgerEntry entry, Place place) {

    /** Whether Stripe has it for sure. */
    boolean isAtStripe() {
        return entry.getState() == LedgerState.ACCEPTED || entry.getState() == LedgerState.DUPLICATE_OK;
    }

    /** Whether nothing is to follow by itself. */
    boolean isOutcome() {
        return isAtStripe() || entry.getState() == LedgerState.DEAD || entry.getState() == LedgerState.PARKED;
    }

    /** In words. */
    String text() {
        return entry.getIdentifier() + " of " + entry.getAmount() + " (" + place + ")";
    }
}
