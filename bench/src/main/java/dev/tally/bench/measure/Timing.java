package dev.tally.bench.measure;

import dev.tally.bench.report.Figures;

/**
 * The timed part of a run.
 *
 * @param records processed in it
 */
record Timing(long records, double seconds, double appCpuSeconds, double brokerCpuSeconds) {

    private static final double MILLION = 1e6;

    /** Together with what was left at the end. */
    Figures with(double brokerBytesPerEvent, long heapBytes, long maxResidentBytes, long stateBytes) {
        return new Figures(
                records / seconds,
                appCpuSeconds / records * MILLION,
                brokerCpuSeconds / records * MILLION,
                brokerBytesPerEvent,
                heapBytes,
                maxResidentBytes,
                stateBytes);
    }
}
