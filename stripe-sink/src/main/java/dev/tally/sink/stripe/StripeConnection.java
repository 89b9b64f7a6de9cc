package dev.tally.sink.stripe;

import java.time.Duration;

/**
 * How Stripe is reached.
 *
 * @param apiKey secret key
 * @param apiBase base address of a stand-in; empty means Stripe itself
 * @param timeout one deadline for a whole call, from connecting to the last byte of the answer
 */
public record StripeConnection(String apiKey, String apiBase, Duration timeout) {
    /** Leaves the key out. */
    @Override
    public String toString() {
        return "StripeConnection[apiBase=" + apiBase + ", timeout=" + timeout + "]";
    }
}
