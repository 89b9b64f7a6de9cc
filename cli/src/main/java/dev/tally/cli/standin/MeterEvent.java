package dev.tally.cli.standin;

import java.math.BigDecimal;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One meter event as it was received.
 *
 * @param sequence its place among all events received, from 1
 * @param value units of the meter, signed, at most 15 digits
 * @param timestamp the time it is counted at, to the second
 * @param error why it does not count although it was accepted, in the terms of Stripe's asynchronous error reports
 */
record MeterEvent(
        long sequence,
        String identifier,
        String eventName,
        String customer,
        BigDecimal value,
        Instant timestamp,
        Instant receivedAt,
        @Nullable String error) {

    /** The same, not counted because of {@code code}. */
    MeterEvent failed(String code) {
        return new MeterEvent(sequence, identifier, eventName, customer, value, timestamp, receivedAt, code);
    }
}
