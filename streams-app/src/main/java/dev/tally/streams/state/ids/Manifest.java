package dev.tally.streams.state.ids;

import dev.tally.streams.state.Codec;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What there is, in one row: generations, runs, and what is under way. It is written with the commit that contains what it tells of, so a
 * run counts from the moment it is listed, and what is being written or deleted is begun again, or goes on, after a crash.
 */
final class Manifest {

    private static final int VERSION = 1;
    private static final int FIXED_BYTES = 5 * Long.BYTES + 3 * Integer.BYTES + 2;
    private static final int GENERATION_BYTES = 3 * Long.BYTES;
    private static final int RUN_BYTES = 3 * Long.BYTES + 2 * Integer.BYTES;
    private static final int DOOMED_BYTES = Long.BYTES + 2 * Integer.BYTES;

    /** A span of stream time whose ids are forgotten together: from the first accepted id to the last. */
    record Generation(long id, long start, long last) {}

    /** The full table that is being written as a run; its blocks are those before a number. */
    record Sealing(Run run, long blocksTo) {}

    /** Runs that are being merged, and how many buckets of the new one are written for good. */
    record Merging(Run target, List<Long> sources, int done) {
        Merging {
            sources = List.copyOf(sources);
        }
    }

    /** A run whose rows are being deleted, from the first bucket on. */
    record Doomed(long run, int buckets, int deleted) {}

    final List<Generation> generations = new ArrayList<>();
    final List<Run> runs = new ArrayList<>();
    final List<Doomed> doomed = new ArrayList<>();
    long forgottenUpTo = Long.MIN_VALUE;
    long nextRun;
    long nextGeneration;
    long doomedBlocksFrom;
    long blocksFrom;

    @Nullable
    Sealing sealing;

    @Nullable
    Merging merging;

    private boolean changed;

    /** Says that the row must be written. */
    void changed() {
        changed = true;
    }

    /** Writes the row if something changed. */
    void write(Rows rows) {
        if (changed) {
            rows.put(IdRows.manifestKey(), encode());
            changed = false;
        }
    }

    static Manifest read(Rows rows) {
        byte @Nullable [] row = rows.get(IdRows.manifestKey());
        return row == null ? new Manifest() : decode(row);
    }

    /** The generation ids are accepted into, if there is one. */
    @Nullable
    Generation open() {
        return generations.isEmpty() ? null : generations.getLast();
    }

    /** Whether all ids of a generation lie in runs. */
    boolean closed(Generation generation) {
        Sealing now = sealing;
        return generation.id() != generations.getLast().id()
                && (now == null || now.run().generation() != generation.id());
    }

    /** Has the rows of a run deleted, also those of one that is only half written. */
    void doom(Run run) {
        doomed.add(new Doomed(run.id(), run.buckets(), 0));
        changed();
    }

    byte[] encode() {
        Sealing seal = sealing;
        Merging merge = merging;
        int bytes = FIXED_BYTES
                + generations.size() * GENERATION_BYTES
                + runs.size() * RUN_BYTES
                + doomed.size() * DOOMED_BYTES
                + (seal == null ? 0 : RUN_BYTES + Long.BYTES)
                + (merge == null
                        ? 0
                        : RUN_BYTES + 2 * Integer.BYTES + merge.sources().size() * Long.BYTES);
        ByteBuffer out = Codec.write(VERSION, bytes);
        out.putLong(forgottenUpTo).putLong(nextRun).putLong(nextGeneration);
        out.putLong(doomedBlocksFrom).putLong(blocksFrom);
        out.putInt(generations.size());
        generations.forEach(g -> out.putLong(g.id()).putLong(g.start()).putLong(g.last()));
        out.putInt(runs.size());
        runs.forEach(run -> put(out, run));
        out.putInt(doomed.size());
        doomed.forEach(d -> out.putLong(d.run()).putInt(d.buckets()).putInt(d.deleted()));
        out.put((byte) (seal == null ? 0 : 1));
        if (seal != null) {
            put(out, seal.run());
            out.putLong(seal.blocksTo());
        }
        out.put((byte) (merge == null ? 0 : 1));
        if (merge != null) {
            put(out, merge.target());
            out.putInt(merge.done()).putInt(merge.sources().size());
            merge.sources().forEach(out::putLong);
        }
        return Codec.bytes(out);
    }

    static Manifest decode(byte[] row) {
        ByteBuffer in = Codec.read(VERSION, row, "the manifest of event ids");
        Manifest manifest = new Manifest();
        manifest.forgottenUpTo = in.getLong();
        manifest.nextRun = in.getLong();
        manifest.nextGeneration = in.getLong();
        manifest.doomedBlocksFrom = in.getLong();
        manifest.blocksFrom = in.getLong();
        for (int left = in.getInt(); left > 0; left--) {
            manifest.generations.add(new Generation(in.getLong(), in.getLong(), in.getLong()));
        }
        for (int left = in.getInt(); left > 0; left--) {
            manifest.runs.add(run(in));
        }
        for (int left = in.getInt(); left > 0; left--) {
            manifest.doomed.add(new Doomed(in.getLong(), in.getInt(), in.getInt()));
        }
        if (in.get() == 1) {
            manifest.sealing = new Sealing(run(in), in.getLong());
        }
        if (in.get() == 1) {
            Run target = run(in);
            int done = in.getInt();
            List<Long> sources = new ArrayList<>();
            for (int left = in.getInt(); left > 0; left--) {
                sources.add(in.getLong());
            }
            manifest.merging = new Merging(target, sources, done);
        }
        return manifest;
    }

    private static void put(ByteBuffer out, Run run) {
        out.putLong(run.id()).putLong(run.generation()).putInt(run.level());
        out.putLong(run.ids()).putInt(run.buckets());
    }

    private static Run run(ByteBuffer in) {
        return new Run(in.getLong(), in.getLong(), in.getInt(), in.getLong(), in.getInt());
    }
}
