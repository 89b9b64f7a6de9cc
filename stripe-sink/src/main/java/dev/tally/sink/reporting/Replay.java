package dev.tally.sink.reporting;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * That a fact was taken up again after it had ended, because a person asked for it.
 *
 * @param number how often; 0: never
 * @param at when it was last taken up again; null if never
 * @param ownTimestamp the fact's own timestamp, where it is sent with a later one; null where it is sent with its own
 */
public record Replay(
        int number, @Nullable Instant at, @Nullable Instant ownTimestamp) {
    /** Never. */
    public static final Replay NONE = new Replay(0, null, null);

    /**
     * Whether an identifier that Stripe knows may be of an event from before. What is sent with a later timestamp was too old to be sent for
     * weeks, and no sum tells of it.
     */
    boolean mayMeetEarlierEvent() {
        return number > 0 && ownTimestamp == null;
    }
}
