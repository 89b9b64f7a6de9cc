package dev.tally.sink.stripe;

import com.stripe.Stripe;
import com.stripe.StripeClient;
import java.time.Duration;

/**
 * How Stripe is reached.
 *
 * @param apiKey secret key
 * @param apiBase base address of a stand-in; empty means Stripe itself
 * @param timeout one deadline for a whole call, from connecting to the last byte of the answer
 */
public record StripeConnection(String apiKey, String apiBase, Duration timeout) {
    /** A client of stripe-java that never repeats a request by itself; nothing is sent yet. */
    public StripeClient open() {
        // Otherwise stripe-java writes an id file below the user's home and adds headers.
        Stripe.enableTelemetry = false;
        int millis = Math.toIntExact(timeout.toMillis());
        StripeClient.StripeClientBuilder builder = StripeClient.builder()
                .setApiKey(apiKey)
                .setMaxNetworkRetries(0)
                .setConnectTimeout(millis)
                .setReadTimeout(millis)
                .setHttpClient(new SingleShotHttpClient(timeout));
        if (!apiBase.isEmpty()) {
            builder.setApiBase(apiBase).setMeterEventsBase(apiBase);
        }
        return builder.build();
    }

    /** Leaves the key out. */
    @Override
    public String toString() {
        return "StripeConnection[apiBase=" + apiBase + ", timeout=" + timeout + "]";
    }
}
