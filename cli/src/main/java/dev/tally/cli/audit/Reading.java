package dev.tally.cli.audit;

import java.util.Map;

/**
 * A recount up to some place in the log.
 *
 * @param totals day totals by the key of their usage snapshot
 * @param outcomes by partition of {@code actions}
 */
public record Reading(Map<String, Long> totals, Map<Integer, Outcomes> outcomes) {

    /** Outcomes of a partition. */
    public Outcomes of(int partition) {
        return outcomes.getOrDefault(partition, Outcomes.NONE);
    }
}
