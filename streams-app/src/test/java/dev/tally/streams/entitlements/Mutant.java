package dev.tally.streams.entitlements;

/** One rule understood wrongly. A comparison that does not tell each of them from the engine would not find the same mistake in the engine. */
public enum Mutant {
    /** The rules as they are. */
    NONE,
    /** Grants burn in the order in which they became effective, whatever expires first. */
    GRANT_ORDER,
    /** A period begins a month after the one before, so that a clamped day stays clamped. */
    ANCHOR_FROM_PREVIOUS_PERIOD,
    /** A limit counts as exceeded where it is only reached. */
    EXCEEDED_WHEN_REACHED,
    /** A removed member takes the seat's share of the pool away at once. */
    SEAT_RELEASED_AT_ONCE,
    /** An action's org pays whatever plan it has, or has not. */
    ORG_ALWAYS_PAYS,
    /** A threshold that was regained keeps its epoch. */
    EPOCH_NOT_RISEN,
    /** What an admission reserved stays reserved when its event arrives. */
    HOLD_NOT_RELEASED,
    /** A queued action is passed by a later one that fits. */
    QUEUE_OVERTAKING,
    /** Late usage is rated against the period that is open when it arrives. */
    LATE_RATED_IN_OPEN_PERIOD,
    /** A top-up covers what was overage or excess before. */
    TOP_UP_TAKES_BACK_OVERAGE,
    /** Members and spaces without a cap of their own have none. */
    CAP_IGNORES_DEFAULT,
    /** Usage after the end of a subscription is covered and billed as before. */
    CANCELED_STILL_BILLS
}
