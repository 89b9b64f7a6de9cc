package dev.tally.streams.topology;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Actions of a sum in order, as {@code UsageSum.steps} describes them. */
final class StepLog {

    private byte[] bytes = new byte[64];
    private int size;

    void add(int part, String eventId, long[] amounts) {
        byte[] id = eventId.getBytes(StandardCharsets.UTF_8);
        room(5 + 3 + id.length + 10 * amounts.length);
        number(part);
        number(id.length);
        System.arraycopy(id, 0, bytes, size, id.length);
        size += id.length;
        for (long amount : amounts) {
            number(amount);
        }
    }

    int size() {
        return size;
    }

    ByteBuffer toBuffer() {
        return ByteBuffer.wrap(bytes, 0, size);
    }

    private void number(long number) {
        long left = number;
        while ((left & ~0x7FL) != 0) {
            bytes[size++] = (byte) ((left & 0x7F) | 0x80);
            left >>>= 7;
        }
        bytes[size++] = (byte) left;
    }

    private void room(int more) {
        if (size + more > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, size + more));
        }
    }

    /** Reads the actions one after the other. */
    static final class Reader {
        private final ByteBuffer in;
        private final long[] amounts;
        private int part;
        private String eventId = "";

        Reader(ByteBuffer steps, int meters) {
            in = steps.duplicate();
            amounts = new long[meters];
        }

        /** Whether there is another action, which now is the current one. */
        boolean next() {
            if (!in.hasRemaining()) {
                return false;
            }
            part = (int) number();
            byte[] id = new byte[(int) number()];
            in.get(id);
            eventId = new String(id, StandardCharsets.UTF_8);
            for (int i = 0; i < amounts.length; i++) {
                amounts[i] = number();
            }
            return true;
        }

        int part() {
            return part;
        }

        String eventId() {
            return eventId;
        }

        /** Amounts of the current action; overwritten by the next. */
        @SuppressWarnings("MixedMutabilityReturnType")
        long[] amounts() {
            return amounts;
        }

        private long number() {
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
}
