package dev.tally.streams.state.ids;

import dev.tally.streams.state.ids.Manifest.Generation;
import dev.tally.streams.state.ids.Manifest.Sealing;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.OptionalLong;

/**
 * Remembers the ids of accepted events for a horizon of stream time after acceptance, exactly, in bounded memory.
 *
 * <p>An id is 128 bits of a keyed hash and must be spread evenly. An id accepted at a stream time is known until that time plus the horizon,
 * and at most one generation (an eighth of the horizon, an hour at least) longer. Everything runs on the caller's thread. What is on the
 * heap and not in rows belongs to the transaction of the caller: after a crash the memory is opened again over the rows of the last commit.
 */
public final class IdMemory {

    private static final int FIRST_SLOTS = 1 << 10;

    /**
     * How long and with how much memory. Both may change from run to run.
     *
     * @param horizon how long an id is known after its acceptance
     * @param memory bytes for recent ids and filters
     */
    public record Settings(Duration horizon, long memory) {

        private static final long LEAST_MEMORY = 1 << 20;

        /** Checks the ranges. */
        public Settings {
            if (!horizon.isPositive()) {
                throw new IllegalArgumentException("horizon " + horizon);
            }
            if (memory < LEAST_MEMORY) {
                throw new IllegalArgumentException(memory + " bytes of memory, at least " + LEAST_MEMORY);
            }
        }
    }

    /**
     * Figures for metrics.
     *
     * @param ids remembered ids
     * @param runs sorted runs a look-up asks
     * @param recentBytes heap of recent ids
     * @param filterBytes heap of filters
     * @param diskChecks look-ups of a row since opening
     * @param falsePositives those that found nothing
     */
    public record Figures(
            long ids, int runs, long recentBytes, long filterBytes, long diskChecks, long falsePositives) {}

    private final Shape shape;
    private final long horizonMillis;
    private final Rows rows;
    private final Manifest manifest;
    private final Runs runs;
    private final Upkeep upkeep;
    private final BlockLog log;
    private RecentIds recent;
    private long owed;

    private IdMemory(Rows rows, Settings settings, Shape shape) {
        this.rows = rows;
        this.shape = shape;
        horizonMillis = settings.horizon().toMillis();
        manifest = Manifest.read(rows);
        runs = new Runs(rows, shape.filterBytes());
        runs.set(manifest.runs);
        upkeep = new Upkeep(rows, shape, manifest, runs);
        recent = new RecentIds(Math.min(FIRST_SLOTS, shape.tableSlots()));
        log = new BlockLog(rows, readBlocks());
    }

    /** The memory as of the last commit. Reads the manifest and the blocks that are not yet in a run; filters are loaded by {@link #tend}. */
    public static IdMemory open(Rows rows, Settings settings) {
        return open(rows, settings, Shape.of(settings));
    }

    static IdMemory open(Rows rows, Settings settings, Shape shape) {
        return new IdMemory(rows, settings, shape);
    }

    /** Fills the tables, and returns the number of the next block. */
    private long readBlocks() {
        Sealing sealing = manifest.sealing;
        long sealed = sealing == null ? manifest.blocksFrom : sealing.blocksTo();
        if (sealing != null) {
            RecentIds frozen = RecentIds.sizedFor(sealing.run().ids());
            rows.range(IdRows.blockKey(manifest.blocksFrom), IdRows.blockKey(sealed), (key, row) -> {
                if (IdRows.blockSequence(key) < sealed) {
                    readFrozen(frozen, IdRows.readBlock(row));
                }
            });
            upkeep.resumeSealing(frozen);
        }
        long[] next = {sealed};
        rows.range(IdRows.blockKey(sealed), IdRows.afterBlocks(), (key, row) -> {
            next[0] = IdRows.blockSequence(key) + 1;
            readRecent(IdRows.readBlock(row));
        });
        return next[0];
    }

    private static void readFrozen(RecentIds frozen, ByteBuffer block) {
        block.getLong();
        while (block.hasRemaining()) {
            frozen.add(block.getLong(), block.getLong());
        }
    }

    private void readRecent(ByteBuffer block) {
        accepted(block.getLong());
        while (block.hasRemaining()) {
            if (recent.full()) {
                recent = recent.doubled();
            }
            recent.add(block.getLong(), block.getLong());
        }
    }

    /** Whether an id is known at a stream time, which never goes back. */
    public boolean knows(long hi, long lo, long streamTime) {
        expire(streamTime);
        long low = notZero(hi, lo);
        return recent.contains(hi, low) || upkeep.frozenContains(hi, low) || runs.contain(hi, low);
    }

    /** Remembers an id that is not known, accepted at a stream time, which never goes back. */
    public void remember(long hi, long lo, long streamTime) {
        expire(streamTime);
        Generation open = manifest.open();
        if (open == null) {
            begin(streamTime);
        } else if (ends(open, streamTime)) {
            rotate(open);
            begin(streamTime);
        } else if (recent.slotCount() > shape.tableSlots()) {
            rotate(open);
        } else if (recent.full()) {
            makeRoom(open);
        }
        long low = notZero(hi, lo);
        if (recent.add(hi, low)) {
            accepted(streamTime);
            log.add(hi, low, streamTime);
            owed += Upkeep.COST_PER_ID;
        }
    }

    /** A generation ends a little early where that finds the table before sealed: to wait for it then would stall the caller. */
    private boolean ends(Generation open, long streamTime) {
        long length = streamTime - open.start();
        long full = shape.generationMillis();
        return length >= full || (length >= full - full / 8 && upkeep.frozenSize() == 0);
    }

    private void makeRoom(Generation open) {
        if (recent.slotCount() < shape.tableSlots()) {
            recent = recent.doubled();
        } else {
            rotate(open);
        }
    }

    /** An empty slot of the table is zero; the one id that looks like it gives way to a neighbour. */
    private static long notZero(long hi, long lo) {
        return (hi | lo) == 0 ? 1 : lo;
    }

    private void begin(long streamTime) {
        manifest.generations.add(new Generation(manifest.nextGeneration++, streamTime, streamTime));
        manifest.changed();
    }

    /** Blocks carry the time too, so the manifest need not be written for it. */
    private void accepted(long streamTime) {
        Generation open = manifest.generations.getLast();
        if (streamTime > open.last()) {
            manifest.generations.removeLast();
            manifest.generations.add(new Generation(open.id(), open.start(), streamTime));
        }
    }

    private void rotate(Generation open) {
        if (recent.size() > 0) {
            int slots = Math.min(recent.slotCount(), shape.tableSlots());
            upkeep.seal(recent, open, log.cut(open.last()));
            recent = new RecentIds(slots);
        }
    }

    private void expire(long streamTime) {
        while (!manifest.generations.isEmpty()
                && streamTime - horizonMillis > manifest.generations.getFirst().last()) {
            Generation past = manifest.generations.removeFirst();
            if (manifest.generations.isEmpty()) {
                recent = new RecentIds(Math.min(FIRST_SLOTS, shape.tableSlots()));
                upkeep.forget(past);
                manifest.blocksFrom = log.discard();
            } else {
                upkeep.forget(past);
            }
            manifest.forgottenUpTo = Math.max(manifest.forgottenUpTo, past.last());
            manifest.changed();
        }
    }

    /** Writes what was remembered since the last commit; called just before each. */
    public void drain() {
        Generation open = manifest.open();
        if (open != null) {
            log.write(open.last());
        }
        manifest.write(rows);
    }

    /**
     * Does what accepting ids has come to owe in background work, and some more where there is something to do. To be called every few
     * thousand accepted ids, so that each call is short, and on ticks.
     *
     * @param more additional work, counted in ids moved: about 0.1 to 0.2 µs each
     */
    public void tend(long streamTime, int more) {
        expire(streamTime);
        long left = owed + more;
        owed = 0;
        while (left > 0) {
            int cost = upkeep.step();
            if (cost == 0) {
                return;
            }
            left -= cost;
        }
    }

    /**
     * The time up to which accepted ids may have been forgotten at a stream time, if any were. Only rises, whatever becomes of the horizon:
     * who treats an action at or before it as late never accepts one twice.
     */
    public OptionalLong forgottenUpTo(long streamTime) {
        expire(streamTime);
        return manifest.forgottenUpTo == Long.MIN_VALUE
                ? OptionalLong.empty()
                : OptionalLong.of(manifest.forgottenUpTo);
    }

    /** Figures as of now; for the caller's thread. */
    public Figures figures() {
        return new Figures(
                runs.ids() + recent.size() + upkeep.frozenSize(),
                runs.count(),
                recent.bytes() + upkeep.frozenBytes() + log.bytes(),
                runs.filterBytes(),
                runs.diskChecks(),
                runs.falsePositives());
    }

    /** Whether there is no background work begun. */
    boolean idle() {
        return upkeep.idle();
    }
}
