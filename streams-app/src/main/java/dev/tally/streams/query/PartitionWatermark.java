package dev.tally.streams.query;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Highest accepted event time of a partition of {@code actions}; null before the first. */
public record PartitionWatermark(int partition, @Nullable Instant watermark) {}
