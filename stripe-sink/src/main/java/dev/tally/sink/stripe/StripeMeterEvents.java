package dev.tally.sink.stripe;

import dev.tally.sink.reporting.IdempotencyKey;
import dev.tally.sink.reporting.MeterEvent;

/** Stripe, as far as facts are reported to it. Implementations are safe for use by many threads. */
public interface StripeMeterEvents extends AutoCloseable {
    /**
     * Makes exactly one attempt to create {@code event} and says what came of it; failures of any kind are answers.
     *
     * @throws InterruptedException if the thread was interrupted while waiting; the event may have reached Stripe
     */
    Reply create(MeterEvent event, IdempotencyKey key) throws InterruptedException;

    /** Ends what runs in the background, if anything does. */
    @Override
    default void close() {}
}
