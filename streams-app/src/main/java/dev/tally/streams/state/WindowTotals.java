package dev.tally.streams.state;

import dev.tally.streams.metering.Thresholds.Kind;
import dev.tally.streams.metering.Thresholds.Threshold;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * A subject's totals in one window, kept by the accounts stage.
 *
 * @param end end of the window
 * @param totals by meter
 * @param raised thresholds already raised in this window, by meter
 */
public record WindowTotals(Instant end, Totals totals, Map<String, Set<Threshold>> raised) {

    /** Stands for a window in which nothing was used. */
    public static final WindowTotals NONE = new WindowTotals(Instant.EPOCH, Totals.NONE, Map.of());

    private static final int VERSION = 1;

    public WindowTotals {
        raised = Map.copyOf(raised);
    }

    /** With other totals. */
    public WindowTotals with(Instant windowEnd, Totals newTotals) {
        return new WindowTotals(windowEnd, newTotals, raised);
    }

    /** The thresholds of a meter that were raised. */
    public Set<Threshold> raised(String meter) {
        return raised.getOrDefault(meter, Set.of());
    }

    /** With thresholds of a meter raised. */
    public WindowTotals raising(String meter, List<Threshold> thresholds) {
        Set<Threshold> all = new LinkedHashSet<>(raised(meter));
        all.addAll(thresholds);
        Map<String, Set<Threshold>> more = new HashMap<>(raised);
        more.put(meter, all);
        return new WindowTotals(end, totals, more);
    }

    /** For the store. */
    public byte[] toBytes() {
        int bytes = Long.BYTES + totals.bytes() + 1;
        for (Map.Entry<String, Set<Threshold>> entry : raised.entrySet()) {
            bytes += Short.BYTES + entry.getKey().getBytes(StandardCharsets.UTF_8).length + 1;
            bytes += 2 * entry.getValue().size();
        }
        ByteBuffer out = Codec.write(VERSION, bytes).putLong(end.toEpochMilli());
        totals.writeTo(out);
        out.put((byte) raised.size());
        new TreeMap<>(raised).forEach((meter, thresholds) -> {
            byte[] name = meter.getBytes(StandardCharsets.UTF_8);
            out.putShort((short) name.length).put(name).put((byte) thresholds.size());
            thresholds.stream()
                    .sorted(Comparator.comparing(Threshold::kind).thenComparingInt(Threshold::percent))
                    .forEach(t -> out.put((byte) code(t.kind())).put((byte) t.percent()));
        });
        return Codec.bytes(out);
    }

    /** From the store. */
    public static WindowTotals fromBytes(byte[] bytes) {
        ByteBuffer in = Codec.read(VERSION, bytes, "a window's totals");
        Instant end = Instant.ofEpochMilli(in.getLong());
        Totals totals = Totals.readFrom(in);
        int meters = Byte.toUnsignedInt(in.get());
        Map<String, Set<Threshold>> raised = new HashMap<>();
        for (int i = 0; i < meters; i++) {
            byte[] name = new byte[Short.toUnsignedInt(in.getShort())];
            in.get(name);
            int count = in.get();
            Set<Threshold> thresholds = new LinkedHashSet<>();
            for (int j = 0; j < count; j++) {
                thresholds.add(new Threshold(kind(in.get()), in.get()));
            }
            raised.put(new String(name, StandardCharsets.UTF_8), thresholds);
        }
        return new WindowTotals(end, totals, raised);
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
            default -> throw new IllegalStateException("unknown threshold code " + code + " in a window's totals");
        };
    }
}
