package dev.tally.streams.state.ids;

/**
 * A sorted run of ids on disk. An id lies in the bucket that the upper half of it points to in proportion, so no index is needed.
 *
 * @param id number of the run, never used twice
 * @param generation what it is forgotten with
 * @param level how often its ids were merged
 * @param ids how many there are
 * @param buckets rows it has
 */
record Run(long id, long generation, int level, long ids, int buckets) {

    int bucketOf(long hi) {
        return (int) Math.unsignedMultiplyHigh(hi, buckets);
    }
}
