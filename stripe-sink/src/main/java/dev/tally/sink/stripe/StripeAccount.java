package dev.tally.sink.stripe;

import dev.tally.sink.reporting.AccountReading;

/** Stripe, as far as it tells of the account itself. */
public interface StripeAccount {
    /**
     * Reads all meters and Stripe's time; failures of any kind are answers.
     *
     * @throws InterruptedException if the thread was interrupted while waiting
     */
    AccountReading read() throws InterruptedException;
}
