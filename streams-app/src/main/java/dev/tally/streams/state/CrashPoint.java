package dev.tally.streams.state;

/** Places where a process may die that tests choose on purpose: what they have in common is that some of a transaction's writes are done. */
public enum CrashPoint {
    /** Something was summed on the heap, nothing of it was written back. */
    BEFORE_DRAIN,
    /** Some stores of a task were written back, others not. */
    BETWEEN_DRAINS,
    /** All was written back, nothing was committed. */
    AFTER_DRAIN,
    /** A catalogue record changed the accounts stage, and no usage with it. */
    AFTER_CATALOGUE_CHANGE,
    /** A store is being closed; after a failure, with writes that are never committed. */
    DURING_CLOSE,
    /** Some of a store was read back from its changelog. */
    DURING_RESTORE
}
