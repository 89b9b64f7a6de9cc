package dev.tally.streams.state;

import dev.tally.streams.metering.Amounts;
import dev.tally.streams.metering.Thresholds.Kind;
import dev.tally.streams.metering.Thresholds.Threshold;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * A subject's total of one meter in one window, kept by the accounts stage.
 *
 * @param end end of the window
 * @param used all usage
 * @param limitUsed the part the subject pays for
 * @param asOf event time of the newest action in it
 * @param raised thresholds already raised in this window
 */
public record WindowTotals(Instant end, long used, long limitUsed, Instant asOf, Set<Threshold> raised) {

    /** Day windows have this tag in keys. */
    public static final int DAY = 1;

    /** Billing periods have this tag in keys. */
    public static final int PERIOD = 2;

    private static final int VERSION = 1;

    public WindowTotals {
        raised = Set.copyOf(raised);
    }

    /** Nothing used yet. */
    public static WindowTotals empty(Instant end) {
        return new WindowTotals(end, 0, 0, Instant.EPOCH, Set.of());
    }

    /** Key up to the window's start, which is appended as a number. */
    public static StoreKey key(String subject, String meter, int window) {
        return StoreKey.key().text(subject).text(meter).tag(window);
    }

    /** With one more amount. */
    public WindowTotals plus(long amount, boolean pays, Instant at) {
        return new WindowTotals(
                end,
                Amounts.plus(used, amount),
                pays ? Amounts.plus(limitUsed, amount) : limitUsed,
                at.isAfter(asOf) ? at : asOf,
                raised);
    }

    /** With thresholds raised. */
    public WindowTotals raising(Iterable<Threshold> thresholds) {
        Set<Threshold> all = new LinkedHashSet<>(raised);
        thresholds.forEach(all::add);
        return new WindowTotals(end, used, limitUsed, asOf, all);
    }

    /** For the store. */
    public byte[] toBytes() {
        ByteBuffer out = Codec.write(VERSION, 4 * Long.BYTES + 1 + 2 * raised.size())
                .putLong(end.toEpochMilli())
                .putLong(used)
                .putLong(limitUsed)
                .putLong(asOf.toEpochMilli())
                .put((byte) raised.size());
        raised.stream()
                .sorted((a, b) -> a.kind() == b.kind()
                        ? Integer.compare(a.percent(), b.percent())
                        : a.kind().compareTo(b.kind()))
                .forEach(t -> out.put((byte) code(t.kind())).put((byte) t.percent()));
        return Codec.bytes(out);
    }

    /** From the store. */
    public static WindowTotals fromBytes(byte[] bytes) {
        ByteBuffer in = Codec.read(VERSION, bytes, "a window's total");
        Instant end = Instant.ofEpochMilli(in.getLong());
        long used = in.getLong();
        long limitUsed = in.getLong();
        Instant asOf = Instant.ofEpochMilli(in.getLong());
        int count = in.get();
        Set<Threshold> raised = new LinkedHashSet<>();
        for (int i = 0; i < count; i++) {
            raised.add(new Threshold(kind(in.get()), in.get()));
        }
        return new WindowTotals(end, used, limitUsed, asOf, raised);
    }

    private static int code(Kind kind) {
        return switch (kind) {
            case WARNING -> 1;
            case POOL_LOW -> 2;
            case REACHED -> 3;
            case EXCEEDED -> 4;
        };
    }

    private static Kind kind(int code) {
        return switch (code) {
            case 1 -> Kind.WARNING;
            case 2 -> Kind.POOL_LOW;
            case 3 -> Kind.REACHED;
            case 4 -> Kind.EXCEEDED;
            default -> throw new IllegalStateException("unknown threshold code " + code + " in a window's total");
        };
    }
}
