package dev.tally.sink.stripe;

import com.stripe.StripeClient;
import java.time.InstantSource;

/** All that is asked of one Stripe account. */
public record StripeCalls(
        StripeMeterEvents events,
        StripeSums sums,
        StripeErrors errors,
        StripeAccount account,
        StripeSubscriptionItems items) {
    /**
     * Connects by one client; {@link #events} is to be closed.
     *
     * @param streaming whether meter events go through Stripe's stream
     */
    public static StripeCalls open(StripeConnection connection, boolean streaming, InstantSource clock) {
        StripeClient client = connection.open();
        return new StripeCalls(
                streaming ? new StripeJavaMeterStream(client, clock) : new StripeJavaMeterEvents(client, clock),
                new StripeJavaSums(client, clock),
                new StripeJavaErrors(client, clock),
                new StripeJavaAccount(client, clock),
                new StripeJavaSubscriptionItems(client, clock));
    }
}
