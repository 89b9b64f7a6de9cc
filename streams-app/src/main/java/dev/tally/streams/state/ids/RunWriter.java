package dev.tally.streams.state.ids;

import java.util.Arrays;
import java.util.List;

/** Writes a run and its filter from sorted sources, bucket by bucket. What it writes depends on nothing but the ids: it may be repeated. */
final class RunWriter {

    private final Rows rows;
    private final Run run;
    private final SortedIds[] sources;
    private final long[] chunk;
    private long[] ids = new long[1024];
    private int words;
    private int bucket;
    private long written;

    /** A writer that starts with the bucket a part of the filter starts with. */
    RunWriter(Rows rows, Run run, int from, List<SortedIds> sources) {
        this.rows = rows;
        this.run = run;
        this.bucket = from;
        this.sources = sources.toArray(SortedIds[]::new);
        this.chunk = new long[Filter.wordsOf(Math.min(run.buckets(), Filter.BUCKETS_PER_CHUNK))];
        for (SortedIds source : sources) {
            while (!source.atEnd() && run.bucketOf(source.hi()) < from) {
                source.next();
            }
        }
    }

    boolean done() {
        return bucket >= run.buckets();
    }

    /** Buckets that are written with their part of the filter. */
    int complete() {
        return done() ? run.buckets() : bucket - bucket % Filter.BUCKETS_PER_CHUNK;
    }

    long written() {
        return written;
    }

    /** Writes one bucket and says how many ids it has. */
    int writeBucket() {
        words = 0;
        for (int source = smallest(); source >= 0; source = smallest()) {
            take(sources[source]);
        }
        rows.put(IdRows.bucketKey(run.id(), bucket), IdRows.bucket(ids, words));
        bucket++;
        if (bucket % Filter.BUCKETS_PER_CHUNK == 0 || done()) {
            writeChunk();
        }
        int count = words / 2;
        written += count;
        return count;
    }

    private void take(SortedIds source) {
        if (words == ids.length) {
            ids = Arrays.copyOf(ids, words * 2);
        }
        long hi = source.hi();
        long lo = source.lo();
        ids[words] = hi;
        ids[words + 1] = lo;
        words += 2;
        Filter.set(chunk, run.buckets(), hi, lo);
        source.next();
    }

    /** The source whose next id is the smallest within the bucket, or -1. */
    private int smallest() {
        int best = -1;
        for (int i = 0; i < sources.length; i++) {
            SortedIds source = sources[i];
            if (!source.atEnd()
                    && run.bucketOf(source.hi()) == bucket
                    && (best < 0
                            || IdRows.compare(source.hi(), source.lo(), sources[best].hi(), sources[best].lo()) < 0)) {
                best = i;
            }
        }
        return best;
    }

    private void writeChunk() {
        int at = (bucket - 1) / Filter.BUCKETS_PER_CHUNK;
        int length = Filter.wordsOf(bucket - at * Filter.BUCKETS_PER_CHUNK);
        rows.put(IdRows.chunkKey(run.id(), at), IdRows.chunk(chunk, length));
        Arrays.fill(chunk, 0);
    }
}
