package dev.tally.streams.state.ids;

/** The ids of a run in order, read row by row. */
final class RunCursor implements SortedIds {

    private final Rows rows;
    private final Run run;
    private byte[] row = new byte[0];
    private int bucket;
    private int size;
    private int index;

    /** A cursor at the first id of a bucket or of the first one after it that is not empty. */
    RunCursor(Rows rows, Run run, int bucket) {
        this.rows = rows;
        this.run = run;
        this.bucket = bucket - 1;
        nextRow();
    }

    @Override
    public boolean atEnd() {
        return index >= size;
    }

    @Override
    public long hi() {
        return IdRows.hi(row, index);
    }

    @Override
    public long lo() {
        return IdRows.lo(row, index);
    }

    @Override
    public void next() {
        if (++index >= size) {
            nextRow();
        }
    }

    private void nextRow() {
        index = 0;
        size = 0;
        while (size == 0 && ++bucket < run.buckets()) {
            row = LiveRun.bucket(rows, run, bucket);
            size = IdRows.bucketSize(row);
        }
    }
}
