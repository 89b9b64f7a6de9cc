package dev.tally.streams.state.ids;

import org.jspecify.annotations.Nullable;

/** A run that is asked, with its filter. */
final class LiveRun {

    private final Run run;
    private final Filter filter;

    LiveRun(Run run) {
        this.run = run;
        this.filter = new Filter(run.buckets());
    }

    Run run() {
        return run;
    }

    Filter filter() {
        return filter;
    }

    boolean mayContain(long hi, long lo) {
        return filter.mayContain(hi, lo);
    }

    boolean contains(Rows rows, long hi, long lo) {
        return IdRows.bucketContains(bucket(rows, run, run.bucketOf(hi)), hi, lo);
    }

    /** A row of a run. Every bucket of a run has one, if an empty one: a missing row is lost state, not the answer no. */
    static byte[] bucket(Rows rows, Run run, int bucket) {
        byte @Nullable [] row = rows.get(IdRows.bucketKey(run.id(), bucket));
        if (row == null) {
            throw new IllegalStateException("bucket " + bucket + " of " + run + " is missing");
        }
        return row;
    }
}
