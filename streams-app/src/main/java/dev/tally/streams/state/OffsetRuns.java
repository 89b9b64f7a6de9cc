package dev.tally.streams.state;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Rising offsets as runs, in the form of {@code DuplicateActions.runs}: two bytes for one that stands alone, and no more for a thousand in
 * a row.
 */
public final class OffsetRuns {

    private byte[] bytes = new byte[16];
    private int size;
    private long first;
    private long count;
    /** The run that is not written yet. */
    private long from;

    private long to;

    /** Takes each run. */
    @FunctionalInterface
    public interface Runs {

        /** Offsets from one on, before another. */
        void run(long from, long to);
    }

    /**
     * Adds an offset.
     *
     * @return false where it is not above all others, so that it cannot be added
     */
    public boolean add(long offset) {
        if (count == 0) {
            first = offset;
            from = offset;
        } else if (offset < to) {
            return false;
        } else if (offset > to) {
            write(to - from);
            write(offset - to);
            from = offset;
        }
        to = offset + 1;
        count++;
        return true;
    }

    /** How many offsets there are. */
    public long count() {
        return count;
    }

    /** The first one. */
    public long first() {
        return first;
    }

    /** About how many bytes the runs take. */
    public int size() {
        return size;
    }

    /** The runs; what follows is to be added to another object. */
    public ByteBuffer toBuffer() {
        write(to - from);
        return ByteBuffer.wrap(bytes, 0, size);
    }

    /** Reads runs. */
    public static void read(long first, ByteBuffer runs, Runs to) {
        ByteBuffer in = runs.duplicate();
        long at = first;
        while (in.hasRemaining()) {
            long end = at + number(in);
            to.run(at, end);
            at = in.hasRemaining() ? end + number(in) : end;
        }
    }

    private void write(long number) {
        if (size + 10 > bytes.length) {
            bytes = Arrays.copyOf(bytes, 2 * bytes.length);
        }
        long left = number;
        while ((left & ~0x7FL) != 0) {
            bytes[size++] = (byte) ((left & 0x7F) | 0x80);
            left >>>= 7;
        }
        bytes[size++] = (byte) left;
    }

    private static long number(ByteBuffer in) {
        long number = 0;
        for (int shift = 0; ; shift += 7) {
            byte next = in.get();
            number |= (long) (next & 0x7F) << shift;
            if (next >= 0) {
                return number;
            }
        }
    }
}
