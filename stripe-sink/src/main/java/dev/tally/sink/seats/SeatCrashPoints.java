package dev.tally.sink.seats;

/** Named places between two durable steps, where tests let the process die; nothing happens there in production. */
@FunctionalInterface
public interface SeatCrashPoints {
    /** Does nothing. */
    SeatCrashPoints NONE = point -> {};

    /** The places, in the order a change passes them. */
    enum Point {
        /** Changes are taken in and their offsets written, but not committed. */
        TAKEN_WRITTEN,
        /** The same is committed; nothing was sent. */
        TAKEN,
        /** An intent is written, but not committed. */
        INTENT_WRITTEN,
        /** The same is committed; nothing was sent. */
        INTENT,
        /** Stripe answered, nothing of it was written. */
        ANSWERED,
        /** An outcome is written, but not committed. */
        OUTCOME_WRITTEN,
        /** The same is committed. */
        OUTCOME
    }

    /** Called by the thread that owns the Kafka clients. */
    void reached(Point point);
}
