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
 */
public record Figures(
        double eventsPerSecond,
        double appCpuSecondsPerMillion,
        double brokerCpuSecondsPerMillion,
        double brokerBytesPerEvent,
        double heapBytes,
        double maxResidentBytes,
        double stateBytes) {}
