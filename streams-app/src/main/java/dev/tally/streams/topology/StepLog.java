package dev.tally.streams.topology;

import dev.tally.schemas.UsageSum;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Actions of a sum in order, as {@code UsageSum.steps} describes them. */
final class StepLog {

    /** How steps are written: see {@code UsageSum.stepForm}. */
    static final int FORM = 1;

    private byte[] bytes = new byte[64];
    private int size;

    /**
     * Appends an action.
     *
     * @param time from the start of its day, in milliseconds
     * @param member index of its member's name; negative: names are not kept
     * @param space index of its space's name; negative: it has none
     * @param admission index of its admission; negative: it has none
     */
    void add(int part, long time, int member, int space, int admission, String eventId, long[] amounts) {
        byte[] id = eventId.getBytes(StandardCharsets.UTF_8);
        room(5 + 5 + 3 * 5 + 3 + id.length + 10 * amounts.length);
        number(2L * part + (admission < 0 ? 0 : 1));
        number(time);
        if (member >= 0) {
            number(member + 1L);
            number(space + 1L);
        }
        if (admission >= 0) {
            number(admission);
        }
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

    /** Reads the actions of a sum one after the other. */
    static final class Reader {
        private final UsageSum sum;
        private final ByteBuffer in;
        private final boolean timed;
        private final boolean named;
        private final long[] amounts;
        private int part;
        private Instant occurredAt = Instant.EPOCH;
        private @Nullable String member;
        private @Nullable String space;
        private @Nullable String admissionId;
        private String eventId = "";

        Reader(UsageSum sum, int meters) {
            this.sum = sum;
            in = sum.getSteps().duplicate();
            timed = sum.getStepForm() != 0;
            named = timed && !sum.getNames().isEmpty();
            amounts = new long[meters];
        }

        /** Whether there is another action, which now is the current one. */
        boolean next() {
            if (!in.hasRemaining()) {
                return false;
            }
            long first = number();
            part = (int) (timed ? first / 2 : first);
            Instant day = sum.getParts().get(part).getDay();
            occurredAt = timed ? day.plusMillis(number()) : day;
            member = named ? name() : null;
            space = named ? name() : null;
            admissionId = timed && first % 2 == 1 ? sum.getAdmissions().get((int) number()) : null;
            byte[] id = new byte[(int) number()];
            in.get(id);
            eventId = new String(id, StandardCharsets.UTF_8);
            for (int i = 0; i < amounts.length; i++) {
                amounts[i] = number();
            }
            return true;
        }

        private @Nullable String name() {
            int index = (int) number();
            return index == 0 ? null : sum.getNames().get(index - 1);
        }

        int part() {
            return part;
        }

        String eventId() {
            return eventId;
        }

        /** Its event time; only the day where the sum does not tell. */
        Instant occurredAt() {
            return occurredAt;
        }

        /** Its member, where the sum has names. */
        @Nullable
        String member() {
            return member;
        }

        /** Its space, where the sum has names and the action a space. */
        @Nullable
        String space() {
            return space;
        }

        /** The admission that reserved for it. */
        @Nullable
        String admissionId() {
            return admissionId;
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
