package dev.tally.streams.state;

import dev.tally.streams.metering.Habits;
import dev.tally.streams.metering.UsualDays;
import dev.tally.streams.metering.WeeklyRhythm;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.common.utils.ByteUtils;

/** What is usual of a subject's usage, for the store. Numbers take as many bytes as they need. */
public final class HabitsCodec {

    private static final int VERSION = 2;

    /** More than the numbers outside of the lists can take. */
    private static final int FIXED = 32;

    private static final int LONGEST_INT = 5;

    private HabitsCodec() {}

    /** For the store. */
    public static byte[] toBytes(HabitsByMeter habits) {
        int most = LONGEST_INT;
        Map<String, byte[]> meters = new TreeMap<>();
        for (Map.Entry<String, Habits> one : habits.byMeter().entrySet()) {
            byte[] utf8 = one.getKey().getBytes(StandardCharsets.UTF_8);
            meters.put(one.getKey(), utf8);
            most += FIXED
                    + utf8.length
                    + one.getValue().usual().steps() * LONGEST_INT
                    + one.getValue().rhythm().cells() * 2 * LONGEST_INT;
        }
        ByteBuffer out = Codec.write(VERSION, most);
        ByteUtils.writeUnsignedVarint(meters.size(), out);
        meters.forEach((meter, utf8) -> {
            ByteUtils.writeUnsignedVarint(utf8.length, out);
            out.put(utf8);
            UsualDays usual = habits.of(meter).usual();
            ByteUtils.writeUnsignedVarint(usual.steps(), out);
            for (int i = 0; i < usual.steps(); i++) {
                ByteUtils.writeUnsignedVarint(usual.step(i), out);
            }
            write(habits.of(meter).rhythm(), out);
        });
        return Arrays.copyOf(Codec.bytes(out), out.position());
    }

    /** From the store. */
    public static HabitsByMeter fromBytes(byte[] bytes) {
        ByteBuffer in = Codec.read(VERSION, bytes, "what is usual of a subject's usage");
        HabitsByMeter habits = HabitsByMeter.NONE;
        for (int left = ByteUtils.readUnsignedVarint(in); left > 0; left--) {
            byte[] utf8 = new byte[ByteUtils.readUnsignedVarint(in)];
            in.get(utf8);
            habits = habits.with(new String(utf8, StandardCharsets.UTF_8), readHabits(in));
        }
        return habits;
    }

    private static Habits readHabits(ByteBuffer in) {
        char[] steps = new char[ByteUtils.readUnsignedVarint(in)];
        for (int i = 0; i < steps.length; i++) {
            steps[i] = (char) ByteUtils.readUnsignedVarint(in);
        }
        return new Habits(UsualDays.of(steps), readRhythm(in));
    }

    /** A run of hours without a rhythm is written as 0 and its length. */
    private static void write(WeeklyRhythm rhythm, ByteBuffer out) {
        ByteUtils.writeUnsignedVarint(rhythm.cells(), out);
        for (int i = 0; i < rhythm.cells(); i++) {
            ByteUtils.writeUnsignedVarint(rhythm.cell(i), out);
            if (rhythm.cell(i) == 0) {
                int from = i;
                while (i + 1 < rhythm.cells() && rhythm.cell(i + 1) == 0) {
                    i++;
                }
                ByteUtils.writeUnsignedVarint(i - from, out);
            }
        }
    }

    private static WeeklyRhythm readRhythm(ByteBuffer in) {
        char[] cells = new char[ByteUtils.readUnsignedVarint(in)];
        for (int i = 0; i < cells.length; i++) {
            cells[i] = (char) ByteUtils.readUnsignedVarint(in);
            if (cells[i] == 0) {
                i += ByteUtils.readUnsignedVarint(in);
            }
        }
        return WeeklyRhythm.of(cells);
    }
}
