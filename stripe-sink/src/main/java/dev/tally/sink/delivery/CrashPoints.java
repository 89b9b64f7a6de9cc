package dev.tally.sink.delivery;

/** Named places between two durable steps, where tests let a life end; nothing happens there in production. */
@FunctionalInterface
public interface CrashPoints {
    /** Does nothing. */
    CrashPoints NONE = point -> {};

    /** The places, in the order a record passes them; {@link LedgerLoop.Step} says who has which. */
    enum Point {
        /** Records are taken in and their offsets written, but not committed. */
        TAKEN_WRITTEN,
        /** The same is committed; nothing was sent. */
        TAKEN_COMMITTED,
        /** Intents are written, but not committed. */
        INTENTS_WRITTEN,
        /** Intents are committed, nothing was sent. */
        INTENTS_COMMITTED,
        /** An answer arrived, nothing of it was written. */
        ANSWERED,
        /** Outcomes and offsets are written, but not committed. */
        OUTCOMES_WRITTEN,
        /** Outcomes and offsets are committed. */
        OUTCOMES_COMMITTED
    }

    /** Called by the thread that owns the Kafka clients. */
    void reached(Point point);
}
