package dev.tally.streams.query;

import java.util.Map;
import java.util.TreeMap;

/**
 * What became of the records of one partition of {@code actions}. Once nothing is in flight,
 * {@code read = counted + readOnly + duplicate + late + deadLettered}.
 *
 * @param deadLetters number by reason code
 */
public record Conservation(
        int partition,
        long read,
        long counted,
        long readOnly,
        long duplicate,
        long late,
        Map<String, Long> deadLetters) {

    public Conservation {
        deadLetters = new TreeMap<>(deadLetters);
    }

    /** All dead letters. */
    public long deadLettered() {
        return deadLetters.values().stream().mapToLong(Long::longValue).sum();
    }

    /** With the other records of the same partition that were taken home elsewhere. */
    Conservation plus(Conservation other) {
        Map<String, Long> reasons = new TreeMap<>(deadLetters);
        other.deadLetters.forEach((reason, count) -> reasons.merge(reason, count, Long::sum));
        return new Conservation(
                partition,
                read + other.read,
                counted + other.counted,
                readOnly + other.readOnly,
                duplicate + other.duplicate,
                late + other.late,
                reasons);
    }
}
