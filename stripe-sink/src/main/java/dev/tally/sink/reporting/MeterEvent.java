package dev.tally.sink.reporting;

import java.time.Instant;

/**
 * One meter event as Stripe takes it (limits from Stripe's OpenAPI file and its usage documentation).
 *
 * @param identifier 1 to 100 characters, unique at Stripe for at least 24 hours
 * @param eventName 1 to 100 characters
 * @param customer Stripe's customer id
 * @param value whole number of at most 15 digits, negative as a correction
 * @param timestamp sent in whole seconds
 */
public record MeterEvent(String identifier, String eventName, String customer, long value, Instant timestamp) {
    /** Key of the payload with the customer: Stripe's default. */
    public static final String CUSTOMER_KEY = "stripe_customer_id";

    /** Key of the payload with the amount: Stripe's default. */
    public static final String VALUE_KEY = "value";

    /** Longest identifier and event name that Stripe takes, in characters. */
    public static final int MAX_NAME_LENGTH = 100;

    /** Largest amount that Stripe takes: 15 digits. */
    public static final long MAX_VALUE = 999_999_999_999_999L;

    /** Refuses what {@link Reporting#prepare} would have refused: reaching Stripe with it would be a bug. */
    public MeterEvent {
        if (identifier.isEmpty() || identifier.length() > MAX_NAME_LENGTH) {
            throw new IllegalArgumentException("identifier must have 1 to 100 characters");
        }
        if (eventName.isEmpty() || eventName.length() > MAX_NAME_LENGTH) {
            throw new IllegalArgumentException("event name must have 1 to 100 characters");
        }
        if (customer.isEmpty()) {
            throw new IllegalArgumentException("customer is empty");
        }
        if (value > MAX_VALUE || value < -MAX_VALUE) {
            throw new IllegalArgumentException("value has more than 15 digits");
        }
    }
}
