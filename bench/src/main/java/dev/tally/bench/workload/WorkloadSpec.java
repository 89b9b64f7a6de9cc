package dev.tally.bench.workload;

import java.time.Duration;
import java.time.Instant;

/**
 * What a workload is made of.
 *
 * @param seed the same seed makes the same records
 * @param records number of records, re-sent ones included
 * @param users how many there may be
 * @param orgs how many there may be
 * @param end event time shortly before which the last record lies
 * @param span event time from the first to the last record
 */
public record WorkloadSpec(long seed, int records, int users, int orgs, Instant end, Duration span) {

    public WorkloadSpec {
        if (records < 1 || users < 1 || orgs < 1 || span.toMillis() < 1) {
            throw new IllegalArgumentException("a workload has records, users, orgs and a span");
        }
    }

    /** The same with another number of records. */
    public WorkloadSpec with(int otherRecords) {
        return new WorkloadSpec(seed, otherRecords, users, orgs, end, span);
    }

    /** When the first record lies, apart from those out of order. */
    public Instant start() {
        return end.minus(span);
    }
}
