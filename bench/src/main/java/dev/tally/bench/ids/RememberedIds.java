package dev.tally.bench.ids;

import dev.tally.streams.state.ids.IdMemory;
import java.time.Duration;
import java.time.Instant;
import java.util.SplittableRandom;
import java.util.function.BiConsumer;
import org.apache.kafka.common.utils.Bytes;

/**
 * The rows that the memory of ids of one partition has after it accepted a number of ids, spread evenly over a day. The ids are random:
 * 128 bits, as hashes are, so none is that of an action of a workload. What the memory does between commits and on ticks is done here
 * too, and in the end all that it has under way; so there are the rows of its runs, and no others.
 */
public final class RememberedIds {

    /** Event time over which the ids were accepted. */
    public static final Duration SPAN = Duration.ofDays(1);

    private static final int TEND_EVERY = 4_096;
    private static final int COMMIT_EVERY = 16 * TEND_EVERY;
    private static final int TEND_PER_TICK = 250_000;

    private final IdMemory.Settings settings;
    private final Instant end;

    /**
     * Of any partition.
     *
     * @param end when the last id was accepted
     */
    public RememberedIds(IdMemory.Settings settings, Instant end) {
        this.settings = settings;
        this.end = end;
    }

    /** Hands over each row of a partition. */
    public void rows(int partition, long ids, BiConsumer<Bytes, byte[]> row) {
        HeapRows rows = new HeapRows();
        IdMemory memory = IdMemory.open(rows, settings);
        SplittableRandom random = new SplittableRandom(partition);
        long first = end.minus(SPAN).toEpochMilli();
        long millis = end.toEpochMilli() - first;
        for (long i = 1; i <= ids; i++) {
            long at = first + (long) ((double) i / ids * millis);
            memory.remember(random.nextLong(), random.nextLong(), at);
            if (i % TEND_EVERY == 0) {
                memory.tend(at, i % COMMIT_EVERY == 0 ? TEND_PER_TICK : 0);
            }
            if (i % COMMIT_EVERY == 0) {
                memory.drain();
            }
        }
        memory.tend(end.toEpochMilli(), Integer.MAX_VALUE);
        memory.drain();
        long found = memory.figures().ids();
        if (found != ids) {
            throw new IllegalStateException("partition " + partition + " remembers " + found + " ids, not " + ids);
        }
        rows.forEach(row);
    }
}
