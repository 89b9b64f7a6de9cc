package dev.tally.streams.state.ids;

import java.util.Arrays;

/** The log of the table of recent ids: what was remembered since the last commit becomes a row, and a small row is written again longer. */
final class BlockLog {

    private static final int MOST_IDS = 16_384;
    private static final int ENOUGH_IDS = 64;

    private final Rows rows;
    private long[] ids = new long[2 * ENOUGH_IDS];
    private int words;
    private boolean unwritten;
    private long sequence;

    /** A log that goes on with a row number. */
    BlockLog(Rows rows, long sequence) {
        this.rows = rows;
        this.sequence = sequence;
    }

    void add(long hi, long lo, long acceptedAt) {
        if (words == ids.length) {
            ids = Arrays.copyOf(ids, words * 2);
        }
        ids[words] = hi;
        ids[words + 1] = lo;
        words += 2;
        unwritten = true;
        if (words == 2 * MOST_IDS) {
            cut(acceptedAt);
        }
    }

    /** Writes what is not yet in a row. */
    void write(long lastAccepted) {
        if (unwritten) {
            rows.put(IdRows.blockKey(sequence), IdRows.block(lastAccepted, ids, words));
            unwritten = false;
            if (words >= 2 * ENOUGH_IDS) {
                next();
            }
        }
    }

    /** Writes, and lets the next id begin a new row, whose number it returns. */
    long cut(long lastAccepted) {
        write(lastAccepted);
        return discard();
    }

    /** Gives up what is not written, and lets the next id begin a new row, whose number it returns. */
    long discard() {
        if (words > 0) {
            next();
        }
        return sequence;
    }

    long bytes() {
        return (long) ids.length * Long.BYTES;
    }

    private void next() {
        sequence++;
        words = 0;
        unwritten = false;
    }
}
