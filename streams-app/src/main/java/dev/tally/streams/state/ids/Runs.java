package dev.tally.streams.state.ids;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The runs that are asked, newest first, with filters that together keep to a budget. Where it is short the largest filters are folded
 * first, then left out: a look-up asks each run once, so a byte does the more the smaller the run is.
 */
final class Runs {

    private static final Comparator<Run> NEWEST_FIRST =
            Comparator.comparingLong(Run::generation).thenComparingLong(Run::id).reversed();

    private final Rows rows;
    private final long budget;
    private LiveRun[] live = {};
    private long diskChecks;
    private long falsePositives;

    Runs(Rows rows, long budget) {
        this.rows = rows;
        this.budget = budget;
    }

    boolean contain(long hi, long lo) {
        for (LiveRun run : live) {
            if (run.mayContain(hi, lo)) {
                diskChecks++;
                if (run.contains(rows, hi, lo)) {
                    return true;
                }
                falsePositives++;
            }
        }
        return false;
    }

    /** Takes over which runs there are. */
    void set(List<Run> runs) {
        Map<Long, LiveRun> before = new HashMap<>();
        for (LiveRun run : live) {
            before.put(run.run().id(), run);
        }
        List<LiveRun> now = new ArrayList<>();
        runs.stream().sorted(NEWEST_FIRST).forEach(run -> {
            LiveRun known = before.get(run.id());
            now.add(known == null ? new LiveRun(run) : known);
        });
        live = now.toArray(LiveRun[]::new);
        share();
    }

    private void share() {
        int[] folds = new int[live.length];
        long total = 0;
        for (LiveRun run : live) {
            total += run.filter().bytesAt(0);
        }
        while (total > budget) {
            int largest = largest(folds);
            Filter filter = live[largest].filter();
            total -= filter.bytesAt(folds[largest]);
            folds[largest]++;
            total += filter.bytesAt(folds[largest]);
        }
        for (int i = 0; i < live.length; i++) {
            live[i].filter().want(folds[i]);
        }
    }

    /** The largest filter at its fold; of equal ones the oldest. */
    private int largest(int[] folds) {
        int largest = 0;
        for (int i = 1; i < live.length; i++) {
            if (live[i].filter().bytesAt(folds[i]) >= live[largest].filter().bytesAt(folds[largest])) {
                largest = i;
            }
        }
        return largest;
    }

    /** Loads one missing part of a filter, of the newest run that lacks one; false if none does. */
    boolean loadOne() {
        for (LiveRun run : live) {
            int missing = run.filter().missing();
            if (missing >= 0) {
                byte[] row = rows.get(IdRows.chunkKey(run.run().id(), missing));
                if (row == null) {
                    throw new IllegalStateException(
                            "part " + missing + " of the filter of " + run.run() + " is missing");
                }
                run.filter().load(missing, IdRows.readChunk(row));
                return true;
            }
        }
        return false;
    }

    int count() {
        return live.length;
    }

    long ids() {
        long ids = 0;
        for (LiveRun run : live) {
            ids += run.run().ids();
        }
        return ids;
    }

    long filterBytes() {
        long bytes = 0;
        for (LiveRun run : live) {
            bytes += run.filter().bytes();
        }
        return bytes;
    }

    long diskChecks() {
        return diskChecks;
    }

    long falsePositives() {
        return falsePositives;
    }
}
