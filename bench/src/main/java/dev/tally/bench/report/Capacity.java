package dev.tally.bench.report;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What so many subjects of one day take. Bytes of topics are those of one replica, as the broker keeps them: compressed, before
 * compaction. Bytes of stores are those of their files after a clean stop.
 *
 * @param users that acted
 * @param orgs that they acted for
 * @param actions published and counted
 * @param actionsPerSecond in the second half of the run
 * @param appCpuSecondsPerMillion of streams-app, in the second half of the run
 * @param brokerCpuSecondsPerMillion of the broker, in the second half of the run
 * @param topicBytes by topic, without prefix
 * @param changelogBytes by store
 * @param diskBytes by store; what belongs to none is {@code other}
 * @param idHeapBytes heap of the memory of ids
 * @param heapBytes heap in use after a collection, that of ids included
 * @param residentBytes the most memory that was resident
 * @param restartSeconds from the start of a process whose state lies on its disk until it is ready
 * @param restoreSeconds the same of one with an empty folder of state
 * @param atWorkSeconds the same until it has counted further actions in every partition
 */
public record Capacity(
        long users,
        long orgs,
        long actions,
        double actionsPerSecond,
        double appCpuSecondsPerMillion,
        double brokerCpuSecondsPerMillion,
        Map<String, Long> topicBytes,
        Map<String, Long> changelogBytes,
        Map<String, Long> diskBytes,
        double idHeapBytes,
        double heapBytes,
        double residentBytes,
        double restartSeconds,
        double restoreSeconds,
        double atWorkSeconds) {

    /** Store of the ids of accepted actions. */
    public static final String IDS = "event-ids";

    private static final double MEGABYTE = 1_000_000;

    public Capacity {
        topicBytes = new LinkedHashMap<>(topicBytes);
        changelogBytes = new LinkedHashMap<>(changelogBytes);
        diskBytes = new LinkedHashMap<>(diskBytes);
    }

    /** The figures of the cost model, by the names of docs/capacity.md. */
    public Map<String, Double> figures() {
        double subjectDays = users + orgs;
        Map<String, Double> figures = new LinkedHashMap<>();
        topicBytes.forEach(
                (topic, bytes) -> figures.put("bytes of " + topic + " per action", bytes / (double) actions));
        figures.put("bytes of changelogs per action", sum(changelogBytes) / (double) actions);
        figures.put("bytes of changelogs per subject-day, without ids", withoutIds(changelogBytes) / subjectDays);
        figures.put("bytes on disk per subject-day, without ids", withoutIds(diskBytes) / subjectDays);
        figures.put("bytes of changelog per id", ids(changelogBytes) / (double) actions);
        figures.put("bytes on disk per id", ids(diskBytes) / (double) actions);
        figures.put("bytes of heap per id", idHeapBytes / actions);
        figures.put("actions per second", actionsPerSecond);
        figures.put("CPU seconds of streams-app per million actions", appCpuSecondsPerMillion);
        figures.put("CPU seconds of the broker per million actions", brokerCpuSecondsPerMillion);
        figures.put("MB of heap", heapBytes / MEGABYTE);
        figures.put("MB resident", residentBytes / MEGABYTE);
        figures.put("MB on disk", sum(diskBytes) / MEGABYTE);
        figures.put("MB of changelogs", sum(changelogBytes) / MEGABYTE);
        figures.put("seconds until ready, with state", restartSeconds);
        figures.put("seconds until ready, from changelogs", restoreSeconds);
        figures.put("seconds until at work, from changelogs", atWorkSeconds);
        figures.put("MB of changelogs restored per second", sum(changelogBytes) / MEGABYTE / restoreSeconds);
        return figures;
    }

    private static long sum(Map<String, Long> bytes) {
        return bytes.values().stream().mapToLong(Long::longValue).sum();
    }

    private static long ids(Map<String, Long> bytes) {
        return bytes.getOrDefault(IDS, 0L);
    }

    private static long withoutIds(Map<String, Long> bytes) {
        return sum(bytes) - ids(bytes);
    }
}
