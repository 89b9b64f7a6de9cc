package dev.tally.streams.state.ids;

/**
 * The sizes the structure is built with; any may change between runs.
 *
 * @param tableSlots slots of the largest table of recent ids, a power of two
 * @param bucketIds ids in a row of a sorted run, on average
 * @param fanIn how many runs of a level of an open generation become one of the next
 * @param generationMillis stream time that one generation spans
 * @param filterBytes what the filters of all runs may take together
 */
record Shape(int tableSlots, int bucketIds, int fanIn, long generationMillis, long filterBytes) {

    private static final int SLOT_BYTES = 16;
    private static final long LARGEST_TABLE = 16L << 20;
    private static final int SMALLEST_TABLE = 1 << 10;
    private static final long SHORTEST_GENERATION = 3_600_000;

    /** The block being filled and the rows being merged. */
    private static final long BUFFERS = 512 << 10;

    static Shape of(IdMemory.Settings settings) {
        long tableBytes = Math.min(settings.memory() / 8, LARGEST_TABLE);
        int slots = Math.toIntExact(Math.max(SMALLEST_TABLE, Long.highestOneBit(Math.max(1, tableBytes / SLOT_BYTES))));
        long generation = Math.max(settings.horizon().toMillis() / 8, SHORTEST_GENERATION);
        // Two tables: the one that fills, and the one before it while it is being sealed.
        long filters = settings.memory() - 2 * RecentIds.bytesFor(slots) - BUFFERS;
        return new Shape(slots, 256, 8, generation, Math.max(0, filters));
    }

    int bucketsFor(long ids) {
        return Math.toIntExact(Math.max(1, (ids + bucketIds - 1) / bucketIds));
    }
}
