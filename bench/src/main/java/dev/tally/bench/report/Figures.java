package dev.tally.bench.report;

/**
 * What one run of a variant came to, or the medians of several.
 *
 * @param eventsPerSecond records counted for user and org, re-sent ones included, in the timed part
 * @param appCpuSecondsPerMillion CPU of the program's process in the timed part, per million of its records
 * @param brokerCpuSecondsPerMillion the same of the broker's process
 * @param brokerBytesPerEvent bytes that all topics but that of the actions grew by in the whole run, per record
 * @param heapBytes heap in use at the end, after a collection
 * @param maxResidentBytes peak of resident memory
 * @param stateBytes files of the program's state at the end
 * @param readySeconds from the start of Tally's process until all its state is restored; 0 for others
 * @param idDiskChecks rows that Tally read to look ids up, in the whole run; 0 for others
 */
public record Figures(
        double eventsPerSecond,
        double appCpuSecondsPerMillion,
        double brokerCpuSecondsPerMillion,
        double brokerBytesPerEvent,
        double heapBytes,
        double maxResidentBytes,
        double stateBytes,
        double readySeconds,
        double idDiskChecks) {

    /** Of a program without a memory of ids. */
    public Figures(
            double eventsPerSecond,
            double appCpuSecondsPerMillion,
            double brokerCpuSecondsPerMillion,
            double brokerBytesPerEvent,
            double heapBytes,
            double maxResidentBytes,
            double stateBytes) {
        this(
                eventsPerSecond,
                appCpuSecondsPerMillion,
                brokerCpuSecondsPerMillion,
                brokerBytesPerEvent,
                heapBytes,
                maxResidentBytes,
                stateBytes,
                0,
                0);
    }

    /** The same with what Tally's state took. */
    public Figures with(double ready, double diskChecks) {
        return new Figures(
                eventsPerSecond,
                appCpuSecondsPerMillion,
                brokerCpuSecondsPerMillion,
                brokerBytesPerEvent,
                heapBytes,
                maxResidentBytes,
                stateBytes,
                ready,
                diskChecks);
    }
}
