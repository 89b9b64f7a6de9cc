package dev.tally.sink.alerts;

import java.time.Duration;
import java.util.Optional;

/** What one attempt to tell an address came to. Reasons are stable codes; details are for people and hold no secrets. */
public sealed interface Attempt {
    /** It was taken. */
    record Delivered() implements Attempt {}

    /** The endpoint says that it is gone for good (410). */
    record Gone() implements Attempt {}

    /** This alert will never be taken there, or must not be sent there. */
    record Refused(String reason, String detail) implements Attempt {}

    /** Try again, at the earliest after {@code retryAfter}; it may have been taken all the same. */
    record Failed(String reason, String detail, Optional<Duration> retryAfter) implements Attempt {
        /** Without a wish of the other side. */
        public Failed(String reason, String detail) {
            this(reason, detail, Optional.empty());
        }
    }
}
