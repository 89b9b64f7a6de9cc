package dev.tally.sink.comparison;

/** What the ledger says became of a fact. */
public enum Standing {
    /** No outcome yet: it may be at Stripe or not. */
    OPEN,
    /** Stripe took it, and its sums have to hold it. */
    TAKEN,
    /** Kept as a dead letter: not at Stripe. */
    DEAD,
    /** Kept for a person to decide: it may be at Stripe or not. */
    PARKED
}
