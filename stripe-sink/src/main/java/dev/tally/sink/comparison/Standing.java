package dev.tally.sink.comparison;

/** What the ledger says became of a fact. */
public enum Standing {
    /** No outcome yet: it may be at Stripe or not. */
    OPEN,
    /** Stripe took it, and its sums have to hold it. */
    TAKEN,
    /** Stripe took it into its stream, which it checks later; its sums have to hold it. */
    UNCONFIRMED,
    /** Kept as a dead letter: not at Stripe. */
    DEAD,
    /** Kept for a person to decide: it may be at Stripe or not. */
    PARKED;

    /** Whether Stripe took it. */
    public boolean isTaken() {
        return this == TAKEN || this == UNCONFIRMED;
    }
}
