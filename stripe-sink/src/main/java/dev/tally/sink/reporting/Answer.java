package dev.tally.sink.reporting;

import java.time.Duration;
import java.util.Optional;

/** What one attempt to create a meter event came to. */
public sealed interface Answer {
    /** Stripe took the event for processing. */
    record Accepted() implements Answer {}

    /** Stripe took the event into its stream, and checks it later: it may still not count. */
    record Streamed() implements Answer {}

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

    /** Whether it is an answer of a Stripe in service: an outage gives none, or errors of a server. */
    default boolean provesService() {
        return switch (this) {
            case Accepted() -> true;
            case Streamed() -> true;
            case AlreadyExists() -> true;
            case Permanent(String reason, String detail) -> true;
            case AccountHalt(String reason, String detail) -> true;
            case Transient(TransientCause cause, String detail, var retryAfter) -> cause.provesService();
            case Unknown(String reason, String detail) -> false;
        };
    }
}
