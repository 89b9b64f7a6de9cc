package dev.tally.streams.metering;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What follows from a look at a subject's usage.
 *
 * @param activity as it is now
 * @param raised the episode that begins; null where none does
 * @param wakeAt when {@link ActivityWatch#look} is to be called, as soon as time gets there; null where that is arranged already
 */
public record Observation(
        Activity activity,
        @Nullable Deviation raised,
        @Nullable Instant wakeAt) {}
