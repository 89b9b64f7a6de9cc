package dev.tally.sink.stripe;

import dev.tally.sink.reporting.IdempotencyKey;
import java.time.Instant;

/** Stripe's subscription items, as far as seats go. Implementations are safe for use by many threads. */
public interface StripeSubscriptionItems {
    /**
     * Reads an item once; failures of any kind are answers.
     *
     * @throws InterruptedException if the thread was interrupted while waiting
     */
    ItemReply read(String item) throws InterruptedException;

    /**
     * Makes exactly one attempt to set an item's quantity, prorated from {@code prorationDate}; failures of any kind are answers.
     *
     * @throws InterruptedException if the thread was interrupted while waiting; the update may have reached Stripe
     */
    ItemReply update(String item, long quantity, Instant prorationDate, IdempotencyKey key) throws InterruptedException;
}
