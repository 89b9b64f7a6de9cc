package dev.tally.sink.reporting;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A person's request to take up a fact again that has ended.
 *
 * @param number the replay it asks for; the ledger knows one less. So of two requests for the same, one is granted
 * @param timestamp the time to charge it at in place of its own, which Stripe refuses as too old; null: its own
 * @param requestedAt when it was asked for
 * @param publishedAt when the fact was appended to its topic
 */
public record ReplayRequest(int number, @Nullable Instant timestamp, Instant requestedAt, Instant publishedAt) {
    /** Refuses a number under 1. */
    public ReplayRequest {
        if (number < 1) {
            throw new IllegalArgumentException("number is under 1");
        }
    }

    /** Whether it came too late to be granted. */
    public boolean isOver(Instant now) {
        return now.isAfter(requestedAt.plus(ReplayRules.REQUEST_LIFE));
    }
}
