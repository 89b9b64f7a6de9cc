package dev.tally.streams.state;

import dev.tally.streams.metering.Amounts;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What was used of each meter in one window. Immutable, so that queries may read what a stream thread has just made. */
@SuppressWarnings("ReferenceEquality") // only to save the comparison where it is the same list
public final class Totals {

    /** Nothing. */
    public static final Totals NONE = new Totals(List.of(), new long[0]);

    private static final int VERSION = 1;
    private static final int USED = 0;
    private static final int LIMIT_USED = 1;
    private static final int NEWEST = 2;
    private static final int WIDTH = 3;

    private final List<String> meters;
    private final long[] numbers;

    private Totals(List<String> meters, long[] numbers) {
        this.meters = meters;
        this.numbers = numbers;
    }

    /**
     * The total of one meter.
     *
     * @param used all usage
     * @param limitUsed the part that the window's subject pays for
     * @param asOf event time of the newest action in it
     */
    public record Total(long used, long limitUsed, Instant asOf) {}

    /**
     * With more usage.
     *
     * @param of the meters that amounts refer to
     * @param amounts by position; a meter with an amount of 0 stays out
     * @param pays whether the window's subject pays for it
     * @param newest event time of the newest action of each meter, in epoch milliseconds
     */
    public Totals plus(List<String> of, long[] amounts, boolean pays, long[] newest) {
        List<String> names = withAll(of, amounts);
        long[] sums = Arrays.copyOf(numbers, names.size() * WIDTH);
        for (int i = 0; i < amounts.length; i++) {
            if (amounts[i] != 0) {
                int at = WIDTH * (names == of ? i : names.indexOf(of.get(i)));
                sums[at + USED] = Amounts.plus(sums[at + USED], amounts[i]);
                if (pays) {
                    sums[at + LIMIT_USED] = Amounts.plus(sums[at + LIMIT_USED], amounts[i]);
                }
                sums[at + NEWEST] = Math.max(sums[at + NEWEST], newest[i]);
            }
        }
        return new Totals(names, sums);
    }

    /** These meters, and those of the given ones that have an amount; the given list itself where that makes no difference. */
    private List<String> withAll(List<String> of, long[] amounts) {
        if (meters == of) {
            return of;
        }
        if (meters.isEmpty() || meters.equals(of)) {
            return of;
        }
        List<String> all = null;
        for (int i = 0; i < amounts.length; i++) {
            if (amounts[i] != 0 && !meters.contains(of.get(i))) {
                all = all == null ? new ArrayList<>(meters) : all;
                all.add(of.get(i));
            }
        }
        return all == null ? meters : List.copyOf(all);
    }

    /** The total of a meter; empty where nothing was used of it. */
    public Optional<Total> of(String meter) {
        int at = meters.indexOf(meter) * WIDTH;
        return at < 0 || numbers[at + USED] == 0
                ? Optional.empty()
                : Optional.of(new Total(
                        numbers[at + USED], numbers[at + LIMIT_USED], Instant.ofEpochMilli(numbers[at + NEWEST])));
    }

    /** All usage of a meter, 0 where there is none. */
    public long used(String meter) {
        int at = meters.indexOf(meter) * WIDTH;
        return at < 0 ? 0 : numbers[at + USED];
    }

    /**
     * The index of a meter of which this cannot take an amount any more; -1 when there is room for all.
     *
     * @param of the meters that amounts refer to
     * @param most of any meter
     */
    public int full(List<String> of, long[] amounts, long most) {
        for (int i = 0; i < amounts.length; i++) {
            if (amounts[i] > 0) {
                int at = WIDTH * (meters == of ? i : meters.indexOf(of.get(i)));
                if (at >= 0 && numbers[at + USED] > most - amounts[i]) {
                    return i;
                }
            }
        }
        return -1;
    }

    /** The part of a meter's usage that the window's subject pays for. */
    public long limitUsed(String meter) {
        int at = meters.indexOf(meter) * WIDTH;
        return at < 0 ? 0 : numbers[at + LIMIT_USED];
    }

    /** The meters of which anything was used. */
    public List<String> meters() {
        List<String> used = new ArrayList<>(meters.size());
        for (int i = 0; i < meters.size(); i++) {
            if (numbers[i * WIDTH + USED] != 0) {
                used.add(meters.get(i));
            }
        }
        return used;
    }

    /** Whether nothing was used of any meter. */
    public boolean isEmpty() {
        return meters().isEmpty();
    }

    /** For the store. */
    public byte[] toBytes() {
        ByteBuffer out = Codec.write(VERSION, bytes());
        writeTo(out);
        return Codec.bytes(out);
    }

    /** From the store. */
    public static Totals fromBytes(byte[] bytes) {
        return readFrom(Codec.read(VERSION, bytes, "a window's totals"));
    }

    /** From the store; nothing where there is none. */
    public static Totals ofNullable(byte @Nullable [] bytes) {
        return bytes == null ? NONE : fromBytes(bytes);
    }

    int bytes() {
        int bytes = Short.BYTES;
        for (int i = 0; i < meters.size(); i++) {
            if (numbers[i * WIDTH + USED] != 0) {
                bytes += Short.BYTES + meters.get(i).getBytes(StandardCharsets.UTF_8).length + WIDTH * Long.BYTES;
            }
        }
        return bytes;
    }

    void writeTo(ByteBuffer out) {
        int count = out.position();
        out.putShort((short) 0);
        int written = 0;
        for (int i = 0; i < meters.size(); i++) {
            if (numbers[i * WIDTH + USED] != 0) {
                byte[] name = meters.get(i).getBytes(StandardCharsets.UTF_8);
                out.putShort((short) name.length).put(name);
                for (int j = 0; j < WIDTH; j++) {
                    out.putLong(numbers[i * WIDTH + j]);
                }
                written++;
            }
        }
        out.putShort(count, (short) written);
    }

    static Totals readFrom(ByteBuffer in) {
        int count = Short.toUnsignedInt(in.getShort());
        String[] meters = new String[count];
        long[] numbers = new long[count * WIDTH];
        for (int i = 0; i < count; i++) {
            byte[] name = new byte[Short.toUnsignedInt(in.getShort())];
            in.get(name);
            meters[i] = new String(name, StandardCharsets.UTF_8);
            for (int j = 0; j < WIDTH; j++) {
                numbers[i * WIDTH + j] = in.getLong();
            }
        }
        return new Totals(List.of(meters), numbers);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Totals that && meters.equals(that.meters) && Arrays.equals(numbers, that.numbers);
    }

    @Override
    public int hashCode() {
        return 31 * meters.hashCode() + Arrays.hashCode(numbers);
    }
}
