package dev.tally.streams.query;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Where a partition of {@code actions} stands.
 *
 * @param watermark highest accepted event time; null before the first
 * @param keptFrom older actions are late whatever the lateness horizon is now, because ids or windows of their time may be gone; null while
 *     nothing is
 */
public record PartitionWatermark(
        int partition,
        @Nullable Instant watermark,
        @Nullable Instant keptFrom) {}
