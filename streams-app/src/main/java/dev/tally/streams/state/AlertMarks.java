package dev.tally.streams.state;

import dev.tally.streams.metering.Thresholds.Kind;
import dev.tally.streams.metering.Thresholds.Threshold;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Which thresholds have been raised in a window, and in which epoch each is.
 *
 * @param byMeter marks of each meter that has any
 */
public record AlertMarks(Map<String, Marks> byMeter) {

    /** Nothing was raised. */
    public static final AlertMarks NONE = new AlertMarks(Map.of());

    /** Format in which only what was raised was written. */
    private static final int BEFORE_EPOCHS = 1;

    public AlertMarks {
        byMeter = Map.copyOf(byMeter);
    }

    /**
     * Of one meter.
     *
     * @param raised thresholds raised in their present epoch
     * @param epochs how often a threshold has ended, where it has; those at the same percentage end together
     */
    public record Marks(Set<Threshold> raised, Map<Level, Integer> epochs) {

        private static final Marks NONE = new Marks(Set.of(), Map.of());

        public Marks {
            raised = Set.copyOf(raised);
            epochs = Map.copyOf(epochs);
        }

        /** The epoch that a threshold is in, from 0. */
        public int epoch(Threshold threshold) {
            return epochs.getOrDefault(Level.of(threshold), 0);
        }
    }

    /** What thresholds share that are passed at the same amount. */
    public record Level(boolean ofWhatIsLeft, int percent) {
        static Level of(Threshold threshold) {
            return new Level(threshold.kind() == Kind.POOL_LOW, threshold.percent());
        }
    }

    /** Marks of a meter. */
    public Marks of(String meter) {
        return byMeter.getOrDefault(meter, Marks.NONE);
    }

    /** The meters that have a threshold raised, in order. */
    public List<String> raisedMeters() {
        List<String> meters = new ArrayList<>();
        byMeter.forEach((meter, marks) -> {
            if (!marks.raised().isEmpty()) {
                meters.add(meter);
            }
        });
        meters.sort(null);
        return meters;
    }

    /** With thresholds of a meter raised. */
    public AlertMarks raising(String meter, Collection<Threshold> thresholds) {
        Marks before = of(meter);
        Set<Threshold> raised = new HashSet<>(before.raised());
        raised.addAll(thresholds);
        return with(meter, new Marks(raised, before.epochs()));
    }

    /** With raised thresholds of a meter ended: the next time they are passed is another epoch. */
    public AlertMarks ending(String meter, Collection<Threshold> thresholds) {
        Marks before = of(meter);
        Set<Threshold> raised = new HashSet<>(before.raised());
        thresholds.forEach(raised::remove);
        Map<Level, Integer> epochs = new HashMap<>(before.epochs());
        thresholds.stream().map(Level::of).distinct().forEach(level -> epochs.merge(level, 1, Integer::sum));
        return with(meter, new Marks(raised, epochs));
    }

    private AlertMarks with(String meter, Marks marks) {
        Map<String, Marks> all = new HashMap<>(byMeter);
        all.put(meter, marks);
        return new AlertMarks(all);
    }

    int bytes() {
        int bytes = Short.BYTES;
        for (Map.Entry<String, Marks> entry : byMeter.entrySet()) {
            Marks marks = entry.getValue();
            bytes += Short.BYTES + entry.getKey().getBytes(StandardCharsets.UTF_8).length;
            bytes += 2 * Byte.BYTES
                    + 2 * marks.raised().size()
                    + (2 + Integer.BYTES) * marks.epochs().size();
        }
        return bytes;
    }

    void writeTo(ByteBuffer out) {
        out.putShort((short) byMeter.size());
        new TreeMap<>(byMeter).forEach((meter, marks) -> {
            byte[] name = meter.getBytes(StandardCharsets.UTF_8);
            out.putShort((short) name.length).put(name).put((byte)
                    marks.raised().size());
            Set<Integer> raised = new TreeSet<>();
            marks.raised().forEach(t -> raised.add(code(t.kind()) << Byte.SIZE | t.percent()));
            raised.forEach(code -> out.putShort(code.shortValue()));
            out.put((byte) marks.epochs().size());
            Map<Integer, Integer> epochs = new TreeMap<>();
            marks.epochs()
                    .forEach((level, epoch) ->
                            epochs.put((level.ofWhatIsLeft() ? 1 << Byte.SIZE : 0) | level.percent(), epoch));
            epochs.forEach((level, epoch) -> out.putShort(level.shortValue()).putInt(epoch));
        });
    }

    static AlertMarks readFrom(int version, ByteBuffer in) {
        boolean epochsToo = version != BEFORE_EPOCHS;
        int meters = epochsToo ? Short.toUnsignedInt(in.getShort()) : Byte.toUnsignedInt(in.get());
        Map<String, Marks> byMeter = new HashMap<>();
        for (int i = 0; i < meters; i++) {
            byte[] name = new byte[Short.toUnsignedInt(in.getShort())];
            in.get(name);
            Set<Threshold> raised = new HashSet<>();
            for (int left = in.get(); left > 0; left--) {
                raised.add(new Threshold(kind(in.get()), in.get()));
            }
            Map<Level, Integer> epochs = new HashMap<>();
            for (int left = epochsToo ? in.get() : 0; left > 0; left--) {
                epochs.put(new Level(in.get() == 1, in.get()), in.getInt());
            }
            byMeter.put(new String(name, StandardCharsets.UTF_8), new Marks(raised, epochs));
        }
        return new AlertMarks(byMeter);
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
