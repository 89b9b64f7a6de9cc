package dev.tally.streams.state.ids;

import java.util.Arrays;

/**
 * A hash table of ids, open addressing in one array. An id's home is given by its uppermost bits and probing only goes up, never around, so
 * the table is almost sorted: each group between two empty slots sorts by itself, and sealing needs neither a copy nor a sort of the whole.
 */
final class RecentIds {

    private static final int SMALLEST = 16;

    private final long[] slots;
    private final int shift;
    private final int limit;
    private int size;

    RecentIds(int slotCount) {
        if (slotCount < SMALLEST || Integer.bitCount(slotCount) != 1) {
            throw new IllegalArgumentException(slotCount + " slots");
        }
        slots = new long[words(slotCount)];
        shift = Long.SIZE - Integer.numberOfTrailingZeros(slotCount);
        limit = slotCount / 4 * 3;
    }

    /** A table that takes at least a number of ids. */
    static RecentIds sizedFor(long ids) {
        int slotCount = SMALLEST;
        while (slotCount / 4 * 3L <= ids) {
            slotCount = Math.multiplyExact(slotCount, 2);
        }
        return new RecentIds(slotCount);
    }

    private static int words(int slotCount) {
        return 2 * (slotCount + Math.max(64, slotCount >>> 10));
    }

    static long bytesFor(int slotCount) {
        return (long) words(slotCount) * Long.BYTES;
    }

    boolean contains(long hi, long lo) {
        for (int at = home(hi); at < slots.length && occupied(at); at += 2) {
            if (slots[at] == hi && slots[at + 1] == lo) {
                return true;
            }
        }
        return false;
    }

    /** Adds an id to a table that is not full, and says whether it is new. */
    boolean add(long hi, long lo) {
        int at = home(hi);
        while (occupied(at)) {
            if (slots[at] == hi && slots[at + 1] == lo) {
                return false;
            }
            at += 2;
        }
        slots[at] = hi;
        slots[at + 1] = lo;
        size++;
        return true;
    }

    /** Whether no more may be added. While the last slot is empty, probing ends within the array. */
    boolean full() {
        return size >= limit || occupied(slots.length - 2);
    }

    /** A table of twice the slots with the same ids. */
    RecentIds doubled() {
        RecentIds larger = new RecentIds(slotCount() * 2);
        for (int at = 0; at < slots.length; at += 2) {
            if (occupied(at)) {
                larger.add(slots[at], slots[at + 1]);
            }
        }
        return larger;
    }

    int slotCount() {
        return 1 << (Long.SIZE - shift);
    }

    int size() {
        return size;
    }

    long bytes() {
        return (long) slots.length * Long.BYTES;
    }

    /** The ids in order; the table must not change meanwhile. */
    SortedIds sorted() {
        return new Cursor();
    }

    private int home(long hi) {
        return (int) (hi >>> shift) << 1;
    }

    private boolean occupied(int at) {
        return (slots[at] | slots[at + 1]) != 0;
    }

    /** Walks group by group, each sorted as it is reached. */
    private final class Cursor implements SortedIds {
        private long[] group = new long[64];
        private int filled;
        private int position;
        private int scanned;

        Cursor() {
            nextGroup();
        }

        @Override
        public boolean atEnd() {
            return position >= filled;
        }

        @Override
        public long hi() {
            return group[position];
        }

        @Override
        public long lo() {
            return group[position + 1];
        }

        @Override
        public void next() {
            position += 2;
            if (position >= filled) {
                nextGroup();
            }
        }

        private void nextGroup() {
            position = 0;
            filled = 0;
            while (scanned < slots.length && !occupied(scanned)) {
                scanned += 2;
            }
            while (scanned < slots.length && occupied(scanned)) {
                insert(slots[scanned], slots[scanned + 1]);
                scanned += 2;
            }
        }

        private void insert(long hi, long lo) {
            if (filled == group.length) {
                group = Arrays.copyOf(group, filled * 2);
            }
            int at = filled;
            while (at > 0 && IdRows.compare(group[at - 2], group[at - 1], hi, lo) > 0) {
                group[at] = group[at - 2];
                group[at + 1] = group[at - 1];
                at -= 2;
            }
            group[at] = hi;
            group[at + 1] = lo;
            filled += 2;
        }
    }
}
