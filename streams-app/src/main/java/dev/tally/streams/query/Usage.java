package dev.tally.streams.query;

import dev.tally.keys.Subject;
import dev.tally.streams.metering.LimitState;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A subject's usage of a meter in one day window.
 *
 * @param used all usage
 * @param limitUsed the part the subject pays for, which limit and state refer to
 * @param limit null: none
 * @param resetsAt when the window ends; null without a limit
 * @param asOf event time of the newest action in it; null where there is none
 */
public record Usage(
        Subject subject,
        String meter,
        Instant windowStart,
        Instant windowEnd,
        long used,
        long limitUsed,
        @Nullable Long limit,
        LimitState state,
        @Nullable Instant resetsAt,
        @Nullable Instant asOf) {}
