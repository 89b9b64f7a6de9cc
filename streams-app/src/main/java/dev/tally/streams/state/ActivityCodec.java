package dev.tally.streams.state;

import dev.tally.streams.metering.Activity;
import dev.tally.streams.metering.DayFigures;
import dev.tally.streams.metering.RecentMinutes;
import dev.tally.streams.metering.UsualDays;
import dev.tally.streams.metering.WeeklyRhythm;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.apache.kafka.common.utils.ByteUtils;

/**
 * The course of a subject's usage of a meter, for the store. Numbers take as many bytes as they need, and times are told from the newest
 * minute: there is one such value for each subject and meter.
 */
public final class ActivityCodec {

    private static final int VERSION = 1;

    /** More than the numbers outside of the lists can take. */
    private static final int FIXED = 128;

    private static final int LONGEST_INT = 5;
    private static final int LONGEST_LONG = 10;

    private ActivityCodec() {}

    /** For the store. */
    public static byte[] toBytes(Activity activity) {
        RecentMinutes recent = activity.recent();
        int most = FIXED
                + recent.size() * (LONGEST_INT + LONGEST_LONG)
                + activity.usual().steps() * LONGEST_INT
                + activity.rhythm().cells() * 2 * LONGEST_INT;
        ByteBuffer out = Codec.write(VERSION, most);
        write(recent, out);
        long base = base(recent);
        DayFigures today = activity.today();
        ByteUtils.writeVarlong(today.day(), out);
        ByteUtils.writeVarlong(today.amount(), out);
        ByteUtils.writeUnsignedVarint(today.hours(), out);
        ByteUtils.writeVarlong(today.lastHour(), out);
        ByteUtils.writeVarlong(today.tenMinutes(), out);
        ByteUtils.writeVarlong(today.hour(), out);
        ByteUtils.writeVarlong(today.burst(), out);
        ByteUtils.writeUnsignedVarint(activity.usual().steps(), out);
        for (int i = 0; i < activity.usual().steps(); i++) {
            ByteUtils.writeUnsignedVarint(activity.usual().step(i), out);
        }
        write(activity.rhythm(), out);
        writeMinute(activity.highUntil(), base, out);
        ByteUtils.writeVarlong(activity.silentBelow(), out);
        writeMinute(activity.wakeMinute(), base, out);
        return Arrays.copyOf(Codec.bytes(out), out.position());
    }

    /** From the store. */
    public static Activity fromBytes(byte[] bytes) {
        ByteBuffer in = Codec.read(VERSION, bytes, "the course of a subject's usage");
        RecentMinutes recent = readRecent(in);
        long base = base(recent);
        DayFigures today = new DayFigures(
                ByteUtils.readVarlong(in),
                ByteUtils.readVarlong(in),
                ByteUtils.readUnsignedVarint(in),
                ByteUtils.readVarlong(in),
                ByteUtils.readVarlong(in),
                ByteUtils.readVarlong(in),
                ByteUtils.readVarlong(in));
        char[] steps = new char[ByteUtils.readUnsignedVarint(in)];
        for (int i = 0; i < steps.length; i++) {
            steps[i] = (char) ByteUtils.readUnsignedVarint(in);
        }
        return new Activity(
                recent,
                today,
                UsualDays.of(steps),
                readRhythm(in),
                readMinute(base, in),
                ByteUtils.readVarlong(in),
                readMinute(base, in));
    }

    private static long base(RecentMinutes recent) {
        return recent.isEmpty() ? 0 : recent.newest();
    }

    private static void write(RecentMinutes recent, ByteBuffer out) {
        ByteUtils.writeUnsignedVarint(recent.size(), out);
        ByteUtils.writeVarlong(base(recent), out);
        for (int i = 0; i < recent.size(); i++) {
            out.put((byte) (recent.newest() - recent.minute(i)));
            ByteUtils.writeVarlong(recent.amount(i), out);
        }
    }

    private static RecentMinutes readRecent(ByteBuffer in) {
        int size = ByteUtils.readUnsignedVarint(in);
        long newest = ByteUtils.readVarlong(in);
        long[] minutes = new long[size];
        long[] amounts = new long[size];
        for (int i = 0; i < size; i++) {
            minutes[i] = newest - in.get();
            amounts[i] = ByteUtils.readVarlong(in);
        }
        return RecentMinutes.of(minutes, amounts);
    }

    /** A run of hours without a rhythm is written as 0 and its length. */
    private static void write(WeeklyRhythm rhythm, ByteBuffer out) {
        ByteUtils.writeVarlong(rhythm.learnedTo(), out);
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
        long learnedTo = ByteUtils.readVarlong(in);
        char[] cells = new char[ByteUtils.readUnsignedVarint(in)];
        for (int i = 0; i < cells.length; i++) {
            cells[i] = (char) ByteUtils.readUnsignedVarint(in);
            if (cells[i] == 0) {
                i += ByteUtils.readUnsignedVarint(in);
            }
        }
        return WeeklyRhythm.of(cells, learnedTo);
    }

    private static void writeMinute(long minute, long base, ByteBuffer out) {
        boolean never = minute == Activity.NEVER;
        out.put((byte) (never ? 0 : 1));
        ByteUtils.writeVarlong(never ? 0 : minute - base, out);
    }

    private static long readMinute(long base, ByteBuffer in) {
        boolean never = in.get() == 0;
        long after = ByteUtils.readVarlong(in);
        return never ? Activity.NEVER : base + after;
    }
}
