package dev.tally.bench.variant;

import dev.tally.bench.workload.Sum;

/**
 * What a baseline program says of itself when it is asked, as JSON.
 *
 * @param phase how far it is
 * @param records records read in the timed pass; 0 where the parent measures
 * @param seconds of the timed pass
 * @param cpuSeconds of the timed pass
 * @param users day counts of users
 * @param orgs day counts of orgs
 * @param heapBytes used at the moment
 */
public record Findings(
        String phase, long records, double seconds, double cpuSeconds, Sum users, Sum orgs, long heapBytes) {

    /** Still getting warm. */
    public static final String WARMING = "warming";
    /** In the timed pass. */
    public static final String COUNTING = "counting";
    /** All is counted. */
    public static final String DONE = "done";
}
