package dev.tally.sink.seats.rules;

/** How far an org's seats have come. */
public enum Standing {
    /** Nothing has come of any change yet. */
    WAITING,
    /** The newest change is kept until there is an item. */
    NO_ITEM,
    /** The newest change came after the subscription was canceled. */
    CANCELED,
    /** A change may have been sent; no outcome is known. */
    INTENT,
    /** Stripe took it. */
    SENT,
    /** Stripe had that quantity already. */
    IN_STEP,
    /** Stripe refuses it for good. */
    REFUSED
}
