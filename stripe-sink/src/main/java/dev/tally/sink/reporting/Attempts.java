package dev.tally.sink.reporting;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Where the delivery of one fact stands between attempts.
 *
 * @param key the key of the next attempt
 * @param failures attempts that failed so far in this process
 * @param unknownSince the first attempt that may have reached Stripe without an outcome; null if there is none
 */
public record Attempts(
        IdempotencyKey key, int failures, @Nullable Instant unknownSince) {
    /** Before the first attempt ever. */
    public static Attempts first(String identifier) {
        return new Attempts(new IdempotencyKey(identifier, 0), 0, null);
    }

    /** After a restart: an intent says that an attempt may have been made since {@code firstAttemptAt}. */
    public static Attempts resumed(String identifier, int keyNumber, Instant firstAttemptAt) {
        return new Attempts(new IdempotencyKey(identifier, keyNumber), 0, firstAttemptAt);
    }
}
