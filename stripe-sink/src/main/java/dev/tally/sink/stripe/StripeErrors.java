package dev.tally.sink.stripe;

import dev.tally.sink.reporting.ErrorReading;
import java.time.Instant;

/** Stripe's reports of meter events that it took and did not count. */
public interface StripeErrors {
    /**
     * Reads all reports created at or after {@code oldest}; Stripe keeps them for 30 days. Failures of any kind are answers.
     *
     * @throws InterruptedException if the thread was interrupted while waiting
     */
    ErrorReading since(Instant oldest) throws InterruptedException;
}
