package dev.tally.streams.state.ids;

import java.util.Arrays;

/**
 * A Bloom filter of one run: an id sets bits in one block of a cache line's size, 16 bits per id. Blocks follow the order of the ids, so a
 * filter is written while its run is, part by part, and loads and answers part by part. Folding (neighbouring blocks put on top of each
 * other) halves it in place: coarser, never wrong.
 */
final class Filter {

    /** Fold of a part that is not there: the answer is "maybe". */
    static final int ABSENT = 3;

    static final int BUCKETS_PER_CHUNK = 128;

    private static final int BLOCKS_PER_BUCKET = 8;
    private static final int BLOCKS_PER_CHUNK = BUCKETS_PER_CHUNK * BLOCKS_PER_BUCKET;
    private static final int CHUNK_SHIFT = Integer.numberOfTrailingZeros(BLOCKS_PER_CHUNK);
    private static final int WORDS_PER_BLOCK = 8;
    private static final int BLOCK_SHIFT = 3;
    private static final int PROBES = 6;
    private static final int POSITION_BITS = 9;
    private static final int POSITION_MASK = (1 << POSITION_BITS) - 1;
    private static final long[] NOTHING = {};

    private final long blocks;
    private final long[][] chunks;
    private final byte[] folds;
    private int wanted = ABSENT;
    private int checked;
    private long bytes;

    Filter(int buckets) {
        blocks = (long) buckets * BLOCKS_PER_BUCKET;
        int count = chunksOf(buckets);
        chunks = new long[count][];
        Arrays.fill(chunks, NOTHING);
        folds = new byte[count];
        Arrays.fill(folds, (byte) ABSENT);
    }

    static int chunksOf(int buckets) {
        return (buckets + BUCKETS_PER_CHUNK - 1) / BUCKETS_PER_CHUNK;
    }

    /** Words of the part of a filter that covers a number of buckets. */
    static int wordsOf(int buckets) {
        return buckets * BLOCKS_PER_BUCKET * WORDS_PER_BLOCK;
    }

    /** Sets the bits of an id in a whole part; buckets is how many the whole run has. */
    static void set(long[] chunk, int buckets, long hi, long lo) {
        long block = Math.unsignedMultiplyHigh(hi, (long) buckets * BLOCKS_PER_BUCKET);
        int base = (int) (block & (BLOCKS_PER_CHUNK - 1)) << BLOCK_SHIFT;
        long positions = lo;
        for (int probe = 0; probe < PROBES; probe++) {
            int position = (int) positions & POSITION_MASK;
            chunk[base + (position >>> 6)] |= 1L << position;
            positions >>>= POSITION_BITS;
        }
    }

    boolean mayContain(long hi, long lo) {
        int block = (int) Math.unsignedMultiplyHigh(hi, blocks);
        int at = block >>> CHUNK_SHIFT;
        int fold = folds[at];
        if (fold == ABSENT) {
            return true;
        }
        long[] chunk = chunks[at];
        int base = ((block & (BLOCKS_PER_CHUNK - 1)) >>> fold) << BLOCK_SHIFT;
        long positions = lo;
        for (int probe = 0; probe < PROBES; probe++) {
            int position = (int) positions & POSITION_MASK;
            if ((chunk[base + (position >>> 6)] & 1L << position) == 0) {
                return false;
            }
            positions >>>= POSITION_BITS;
        }
        return true;
    }

    /** Bytes of the whole filter at a fold. */
    long bytesAt(int fold) {
        return fold == ABSENT ? 0 : (blocks * WORDS_PER_BLOCK * Long.BYTES) >>> fold;
    }

    /** Bytes in memory now. */
    long bytes() {
        return bytes;
    }

    /** Sets how coarse the filter is to be: what is finer is folded at once, what is coarser waits to be loaded. */
    void want(int fold) {
        wanted = fold;
        checked = 0;
        for (int at = 0; at < chunks.length; at++) {
            if (folds[at] < fold) {
                replace(at, fold == ABSENT ? NOTHING : folded(chunks[at], fold - folds[at]), fold);
            }
        }
    }

    /** The next part to load, or -1. */
    int missing() {
        while (checked < chunks.length && folds[checked] <= wanted) {
            checked++;
        }
        return checked < chunks.length ? checked : -1;
    }

    /** Takes a whole part as it was written. */
    void load(int at, long[] whole) {
        replace(at, folded(whole, wanted), wanted);
    }

    private void replace(int at, long[] chunk, int fold) {
        bytes += (long) (chunk.length - chunks[at].length) * Long.BYTES;
        chunks[at] = chunk;
        folds[at] = (byte) fold;
    }

    private static long[] folded(long[] chunk, int times) {
        if (times == 0) {
            return chunk;
        }
        long[] folded = new long[chunk.length >>> times];
        for (int word = 0; word < chunk.length; word++) {
            int block = word >>> BLOCK_SHIFT;
            folded[(block >>> times << BLOCK_SHIFT) + (word & (WORDS_PER_BLOCK - 1))] |= chunk[word];
        }
        return folded;
    }
}
