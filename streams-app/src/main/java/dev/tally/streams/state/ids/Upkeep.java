package dev.tally.streams.state.ids;

import dev.tally.streams.state.ids.Manifest.Doomed;
import dev.tally.streams.state.ids.Manifest.Generation;
import dev.tally.streams.state.ids.Manifest.Merging;
import dev.tally.streams.state.ids.Manifest.Sealing;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The work that goes on beside accepting, in small steps: filters are loaded, the full table is sealed, runs are merged, rows of what is
 * gone are deleted. A step's cost is about the number of ids it moves.
 */
final class Upkeep {

    /**
     * Steps' cost for each accepted id: it is sealed, merged once per level and once when its generation closes, and its rows are deleted
     * as often; at eight runs to one, four levels hold 4,096 tables.
     */
    static final int COST_PER_ID = 8;

    private static final int LOAD_COST = 256;

    private final Rows rows;
    private final Shape shape;
    private final Manifest manifest;
    private final Runs runs;
    private final int deleteCost;
    private @Nullable RecentIds frozen;
    private @Nullable RunWriter sealer;
    private @Nullable RunWriter merger;

    Upkeep(Rows rows, Shape shape, Manifest manifest, Runs runs) {
        this.rows = rows;
        this.shape = shape;
        this.manifest = manifest;
        this.runs = runs;
        this.deleteCost = Math.max(1, shape.bucketIds() / 8);
    }

    boolean frozenContains(long hi, long lo) {
        RecentIds table = frozen;
        return table != null && table.contains(hi, lo);
    }

    int frozenSize() {
        RecentIds table = frozen;
        return table == null ? 0 : table.size();
    }

    long frozenBytes() {
        RecentIds table = frozen;
        return table == null ? 0 : table.bytes();
    }

    /** Begins to seal a table, whose blocks are those up to a number; one that is still being sealed is finished first. */
    void seal(RecentIds table, Generation generation, long blocksTo) {
        finishSealing();
        Run run = new Run(manifest.nextRun++, generation.id(), 0, table.size(), shape.bucketsFor(table.size()));
        manifest.sealing = new Sealing(run, blocksTo);
        manifest.changed();
        resumeSealing(table);
    }

    /** Goes on, from the start, with a table whose sealing the manifest tells of. */
    void resumeSealing(RecentIds table) {
        frozen = table;
    }

    private void finishSealing() {
        Sealing sealing = manifest.sealing;
        while (sealing != null) {
            sealBucket(sealing);
            sealing = manifest.sealing;
        }
    }

    /** Forgets a generation that is no longer the open one, or whose table was given up. */
    void forget(Generation generation) {
        Merging merging = manifest.merging;
        if (merging != null && merging.target().generation() == generation.id()) {
            manifest.doom(merging.target());
            manifest.merging = null;
            merger = null;
        }
        Sealing sealing = manifest.sealing;
        if (sealing != null && sealing.run().generation() == generation.id()) {
            manifest.doom(sealing.run());
            sealed(sealing);
        }
        List<Run> gone = manifest.runs.stream()
                .filter(run -> run.generation() == generation.id())
                .toList();
        gone.forEach(manifest::doom);
        manifest.runs.removeAll(gone);
        runs.set(manifest.runs);
        manifest.changed();
    }

    /** Does one step and returns its cost, 0 if there is nothing to do. */
    int step() {
        if (runs.loadOne()) {
            return LOAD_COST;
        }
        Sealing sealing = manifest.sealing;
        if (sealing != null) {
            return sealBucket(sealing);
        }
        if (manifest.merging == null) {
            manifest.merging = nextMerge();
        }
        Merging merging = manifest.merging;
        return merging != null ? mergeBucket(merging) : deleteOne();
    }

    private int sealBucket(Sealing sealing) {
        RunWriter writer = sealer;
        if (writer == null) {
            RecentIds table = frozen;
            if (table == null || table.size() != sealing.run().ids()) {
                throw new IllegalStateException("blocks of " + sealing + " hold " + frozenSize() + " ids");
            }
            writer = new RunWriter(rows, sealing.run(), 0, List.of(table.sorted()));
            sealer = writer;
        }
        int ids = writer.writeBucket();
        if (writer.done()) {
            if (writer.written() != sealing.run().ids()) {
                throw new IllegalStateException(sealing + " got " + writer.written() + " ids");
            }
            sealed(sealing);
            manifest.runs.add(sealing.run());
            runs.set(manifest.runs);
        }
        return ids + 1;
    }

    private void sealed(Sealing sealing) {
        manifest.blocksFrom = sealing.blocksTo();
        manifest.sealing = null;
        manifest.changed();
        frozen = null;
        sealer = null;
    }

    private int mergeBucket(Merging merging) {
        RunWriter writer = merger;
        if (writer == null) {
            writer = new RunWriter(rows, merging.target(), merging.done(), cursors(merging));
            merger = writer;
        }
        int ids = writer.writeBucket();
        if (writer.done()) {
            merged(merging);
        } else if (writer.complete() > merging.done()) {
            manifest.merging = new Merging(merging.target(), merging.sources(), writer.complete());
            manifest.changed();
        }
        return ids + 1;
    }

    private List<SortedIds> cursors(Merging merging) {
        List<SortedIds> cursors = new ArrayList<>();
        for (Run source : sources(merging)) {
            long bucket =
                    (long) merging.done() * source.buckets() / merging.target().buckets();
            cursors.add(new RunCursor(rows, source, (int) bucket));
        }
        return cursors;
    }

    private List<Run> sources(Merging merging) {
        return manifest.runs.stream()
                .filter(run -> merging.sources().contains(run.id()))
                .toList();
    }

    private void merged(Merging merging) {
        List<Run> sources = sources(merging);
        sources.forEach(manifest::doom);
        manifest.runs.removeAll(sources);
        manifest.runs.add(merging.target());
        manifest.merging = null;
        manifest.changed();
        merger = null;
        runs.set(manifest.runs);
    }

    /** The smallest merge that is due. */
    private @Nullable Merging nextMerge() {
        List<Run> best = List.of();
        for (Generation generation : manifest.generations) {
            List<Run> due = due(generation);
            if (!due.isEmpty() && (best.isEmpty() || ids(due) < ids(best))) {
                best = due;
            }
        }
        if (best.isEmpty()) {
            return null;
        }
        int level = best.stream().mapToInt(Run::level).max().orElse(0) + 1;
        long ids = ids(best);
        Run target = new Run(manifest.nextRun++, best.getFirst().generation(), level, ids, shape.bucketsFor(ids));
        manifest.changed();
        return new Merging(target, best.stream().map(Run::id).toList(), 0);
    }

    private List<Run> due(Generation generation) {
        List<Run> all = manifest.runs.stream()
                .filter(run -> run.generation() == generation.id())
                .sorted(Comparator.comparingInt(Run::level).thenComparingLong(Run::id))
                .toList();
        if (manifest.closed(generation)) {
            return all.size() > 1 ? all : List.of();
        }
        for (Run first : all) {
            List<Run> level =
                    all.stream().filter(run -> run.level() == first.level()).toList();
            if (level.size() >= shape.fanIn()) {
                return level.subList(0, shape.fanIn());
            }
        }
        return List.of();
    }

    private static long ids(List<Run> runs) {
        return runs.stream().mapToLong(Run::ids).sum();
    }

    private int deleteOne() {
        if (manifest.doomedBlocksFrom < manifest.blocksFrom) {
            rows.delete(IdRows.blockKey(manifest.doomedBlocksFrom++));
            manifest.changed();
            return deleteCost;
        }
        if (manifest.doomed.isEmpty()) {
            return 0;
        }
        Doomed doomed = manifest.doomed.getFirst();
        int bucket = doomed.deleted();
        rows.delete(IdRows.bucketKey(doomed.run(), bucket));
        if (bucket % Filter.BUCKETS_PER_CHUNK == 0) {
            rows.delete(IdRows.chunkKey(doomed.run(), bucket / Filter.BUCKETS_PER_CHUNK));
        }
        if (bucket + 1 == doomed.buckets()) {
            manifest.doomed.removeFirst();
        } else {
            manifest.doomed.set(0, new Doomed(doomed.run(), doomed.buckets(), bucket + 1));
        }
        manifest.changed();
        return deleteCost;
    }

    /** Whether nothing is under way. */
    boolean idle() {
        return manifest.sealing == null
                && manifest.merging == null
                && manifest.doomed.isEmpty()
                && manifest.doomedBlocksFrom == manifest.blocksFrom;
    }
}
