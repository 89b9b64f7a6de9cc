package dev.tally.sink.reporting;

import org.jspecify.annotations.Nullable;

/**
 * A meter as Stripe describes it (Stripe's OpenAPI file, {@code billing.meter}); all but its name and status is fixed when it is made.
 *
 * @param live whether it belongs to live mode
 * @param active whether Stripe takes events for it
 * @param formula {@code sum}, {@code count} or {@code last}; an open list
 * @param window {@code hour} or {@code day} where Stripe keeps only the newest event of each; null where all events count
 * @param mapping how the customer is named; {@code by_id}
 * @param customerKey key of the payload with the customer
 * @param valueKey key of the payload with the amount
 */
public record StripeMeter(
        String id,
        String eventName,
        boolean live,
        boolean active,
        String formula,
        @Nullable String window,
        String mapping,
        String customerKey,
        String valueKey) {}
