package dev.tally.bench.report;

import java.util.Arrays;
import java.util.Collection;

/**
 * How long it took, in milliseconds.
 *
 * @param n probes that arrived
 * @param lost probes that did not within the time they were given
 */
public record Latency(int n, int lost, double p50, double p99, double max) {

    private static final double NANOS_PER_MILLI = 1e6;

    /** Nearest-rank percentiles of the probes that arrived. */
    public static Latency of(Collection<Long> nanos, int lost) {
        long[] sorted = nanos.stream().mapToLong(Long::longValue).sorted().toArray();
        if (sorted.length == 0) {
            return new Latency(0, lost, Double.NaN, Double.NaN, Double.NaN);
        }
        return new Latency(
                sorted.length,
                lost,
                percentile(sorted, 50),
                percentile(sorted, 99),
                Arrays.stream(sorted).max().orElseThrow() / NANOS_PER_MILLI);
    }

    private static double percentile(long[] sorted, int percent) {
        int rank = Math.ceilDiv(sorted.length * percent, 100);
        return sorted[Math.max(0, rank - 1)] / NANOS_PER_MILLI;
    }
}
