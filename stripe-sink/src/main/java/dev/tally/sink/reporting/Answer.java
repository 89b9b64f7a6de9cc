package dev.tally.sink.reporting;

import java.time.Duration;
import java.util.Optional;

/** What one attempt to create a meter event came to. */
public sealed interface Answer {
    /** Stripe took the event for processing. */
    record Accepted() implements Answer {}

    /** Stripe already holds an event with this identifier: an earlier attempt got through, so this is success. */
    record AlreadyExists() implements Answer {}

    /** Stripe refused this event for good. {@code reason} is a stable code. */
    record Permanent(String reason, String detail) implements Answer {}

    /** Try again, at the earliest after {@code retryAfter}. */
    record Transient(TransientCause cause, String detail, Optional<Duration> retryAfter) implements Answer {}

    /** Nothing can be sent for this account until a person acts; facts wait, none is dead-lettered. */
    record AccountHalt(String reason, String detail) implements Answer {}

    /** No usable answer: Stripe may or may not hold the event. */
    record Unknown(String reason, String detail) implements Answer {}
}
