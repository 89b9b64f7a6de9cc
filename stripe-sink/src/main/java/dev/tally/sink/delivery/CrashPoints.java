package dev.tally.sink.delivery;

/** Named places between two durable steps, where tests let the delivery die; nothing happens there in production. */
@FunctionalInterface
public interface CrashPoints {
    /** Does nothing. */
    CrashPoints NONE = point -> {};

    /** The places, in the order a fact passes them. */
    enum Point {
        /** Intents are committed, nothing was sent. */
        INTENTS_COMMITTED,
        /** Stripe answered, nothing of it was written. */
        ANSWERED,
        /** Outcomes and offsets are written, but not committed. */
        OUTCOMES_WRITTEN,
        /** Outcomes and offsets are committed. */
        OUTCOMES_COMMITTED
    }

    /** Called by the delivery's own thread. */
    void reached(Point point);
}
