package dev.tally.sink.reporting;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Where the delivery of one fact stands between attempts.
 *
 * @param key the key of the next attempt
 * @param failures attempts that failed so far in this process
 * @param unknown when attempts may have reached Stripe without an outcome; null if there is none, or if Stripe's sums said that none arrived
 * @param again whether the fact had ended before: an identifier that Stripe knows may then be of an event that it did not count
 * @param own whether an attempt of ours may ever have reached Stripe, so that what it has under the identifier can be our own
 * @param refused why Stripe takes none after an attempt of unknown outcome; null if it was not refused for good
 */
public record Attempts(
        IdempotencyKey key,
        int failures,
        @Nullable Unknown unknown,
        boolean again,
        boolean own,
        @Nullable Refused refused) {

    /**
     * Attempts that may have reached Stripe without an outcome.
     *
     * @param since the first of them
     * @param until the last of them
     */
    public record Unknown(Instant since, Instant until) {
        Unknown upTo(Instant later) {
            return new Unknown(since, later);
        }
    }

    /** A refusal for good: what it says of an attempt before it is unknown. {@code reason} is a stable code. */
    public record Refused(String reason, String detail) {}

    /** Before the first attempt ever. */
    public static Attempts first(String identifier) {
        return new Attempts(new IdempotencyKey(identifier, 0), 0, null, false, false, null);
    }

    /** After a restart: an intent says that attempts may have been made from {@code firstAttemptAt} until {@code now}. */
    public static Attempts resumed(String identifier, int keyNumber, Instant firstAttemptAt, Instant now) {
        return resumed(new IdempotencyKey(identifier, keyNumber), firstAttemptAt, now, false);
    }

    /** The same of what the ledger has as an intent. */
    static Attempts resumed(Known known, String identifier, Instant now) {
        return resumed(
                new IdempotencyKey(identifier, known.keyNumber()),
                known.firstAttemptAt(),
                now,
                known.replay().mayMeetEarlierEvent());
    }

    private static Attempts resumed(IdempotencyKey key, Instant firstAttemptAt, Instant now, boolean again) {
        return new Attempts(key, 0, new Unknown(firstAttemptAt, now), again, true, null);
    }

    /** After a refusal for good: no further attempt. */
    Attempts refusedFor(String reason, String detail) {
        return new Attempts(key, failures, unknown, again, own, new Refused(reason, detail));
    }
}
