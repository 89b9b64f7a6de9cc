package dev.tally.streams.state;

import dev.tally.streams.metering.Activity;
import dev.tally.streams.metering.Course;
import dev.tally.streams.metering.DayFigures;
import dev.tally.streams.metering.RecentMinutes;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.apache.kafka.common.utils.ByteUtils;

/**
 * The courses of a subject's usage, for the store: one row for all its meters, as most actions are counted by several of them. Numbers
 * take as many bytes as they need, and times are told from the newest minute.
 */
public final class CoursesCodec {

    private static final int VERSION = 2;

    /** More than the numbers of a course outside of its list can take, and than its meter's length. */
    private static final int FIXED = 128;

    private static final int LONGEST_INT = 5;
    private static final int LONGEST_LONG = 10;

    private CoursesCodec() {}

    /** For the store. */
    public static byte[] toBytes(Courses courses) {
        List<String> meters = courses.meters();
        byte[][] names = new byte[meters.size()][];
        int most = 1 + LONGEST_INT;
        for (int i = 0; i < names.length; i++) {
            names[i] = meters.get(i).getBytes(StandardCharsets.UTF_8);
            most += FIXED + names[i].length + courses.of(meters.get(i)).recent().size() * (LONGEST_INT + LONGEST_LONG);
        }
        ByteBuffer out = Codec.write(VERSION, most);
        out.put((byte) (courses.hasHabits() ? 1 : 0));
        ByteUtils.writeUnsignedVarint(names.length, out);
        for (int i = 0; i < names.length; i++) {
            ByteUtils.writeUnsignedVarint(names[i].length, out);
            out.put(names[i]);
            write(courses.of(meters.get(i)), out);
        }
        return Arrays.copyOf(Codec.bytes(out), out.position());
    }

    /** From the store. */
    public static Courses fromBytes(byte[] bytes) {
        ByteBuffer in = Codec.read(VERSION, bytes, "the courses of a subject's usage");
        boolean hasHabits = in.get() == 1;
        Courses courses = Courses.NONE;
        for (int left = ByteUtils.readUnsignedVarint(in); left > 0; left--) {
            byte[] utf8 = new byte[ByteUtils.readUnsignedVarint(in)];
            in.get(utf8);
            courses = courses.with(new String(utf8, StandardCharsets.UTF_8), readCourse(in));
        }
        return hasHabits ? courses.withHabits() : courses;
    }

    private static void write(Course course, ByteBuffer out) {
        RecentMinutes recent = course.recent();
        write(recent, out);
        long base = base(recent);
        DayFigures today = course.today();
        ByteUtils.writeVarlong(today.day(), out);
        ByteUtils.writeVarlong(today.amount(), out);
        ByteUtils.writeUnsignedVarint(today.hours(), out);
        ByteUtils.writeVarlong(today.lastHour(), out);
        ByteUtils.writeVarlong(today.tenMinutes(), out);
        ByteUtils.writeVarlong(today.hour(), out);
        ByteUtils.writeVarlong(today.burst(), out);
        writeMinute(course.highUntil(), base, out);
        ByteUtils.writeVarlong(course.silentBelow(), out);
        writeMinute(course.wakeMinute(), base, out);
        ByteUtils.writeVarlong(course.learnedTo(), out);
    }

    private static Course readCourse(ByteBuffer in) {
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
        return new Course(
                recent,
                today,
                readMinute(base, in),
                ByteUtils.readVarlong(in),
                readMinute(base, in),
                ByteUtils.readVarlong(in));
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
