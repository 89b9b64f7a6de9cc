package dev.tally.streams.state;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;

/**
 * Units of a meter that are charged in another period than they were used in, since they came when the invoice of their own was final. By
 * {@code planId@version} of the plan that is in force where they are charged, or was where they were used.
 *
 * @param in from earlier periods into this one; negative where facts took something back
 * @param out from this period into later ones
 */
public record CarriedUnits(Map<String, Long> in, Map<String, Long> out) {

    /** None. */
    public static final CarriedUnits NONE = new CarriedUnits(Map.of(), Map.of());

    public CarriedUnits {
        in = Map.copyOf(in);
        out = Map.copyOf(out);
    }

    /** With more that came from an earlier period. */
    public CarriedUnits plusIn(String plan, long units) {
        return new CarriedUnits(plus(in, plan, units), out);
    }

    /** With more that went into a later period. */
    public CarriedUnits plusOut(String plan, long units) {
        return new CarriedUnits(in, plus(out, plan, units));
    }

    private static Map<String, Long> plus(Map<String, Long> sums, String plan, long units) {
        Map<String, Long> more = new TreeMap<>(sums);
        more.merge(plan, units, Math::addExact);
        return more;
    }

    /** How many bytes {@link #write} takes. */
    int bytes() {
        return bytes(in) + bytes(out);
    }

    private static int bytes(Map<String, Long> sums) {
        int bytes = Short.BYTES;
        for (String plan : sums.keySet()) {
            bytes += Short.BYTES + plan.getBytes(StandardCharsets.UTF_8).length + Long.BYTES;
        }
        return bytes;
    }

    void write(ByteBuffer to) {
        write(in, to);
        write(out, to);
    }

    private static void write(Map<String, Long> sums, ByteBuffer to) {
        to.putShort((short) sums.size());
        new TreeMap<>(sums).forEach((plan, units) -> {
            byte[] name = plan.getBytes(StandardCharsets.UTF_8);
            to.putShort((short) name.length).put(name).putLong(units);
        });
    }

    static CarriedUnits read(ByteBuffer from) {
        Map<String, Long> in = sums(from);
        return new CarriedUnits(in, sums(from));
    }

    private static Map<String, Long> sums(ByteBuffer from) {
        Map<String, Long> sums = new TreeMap<>();
        for (int left = from.getShort(); left > 0; left--) {
            byte[] name = new byte[Short.toUnsignedInt(from.getShort())];
            from.get(name);
            sums.put(new String(name, StandardCharsets.UTF_8), from.getLong());
        }
        return sums;
    }
}
