package dev.tally.streams.metering;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What a subject uses of a meter in each of the 168 hours of a week, as far as it does so week after week. An hour of the week counts as
 * regular after {@value #REGULAR} weeks in which it was busy; a week in which it was not takes {@value #MISSED} of them back, of at most
 * {@value #MOST}, so that one holiday is forgiven and two are not. Immutable. Hours are counted from the epoch.
 */
public final class WeeklyRhythm {

    /** Hours of a week. */
    public static final int HOURS = 168;

    /** A week without any regular hour. */
    public static final WeeklyRhythm NONE = new WeeklyRhythm(new char[0]);

    /** An hour is busy with usage in at least so many of its minutes: fewer may be missing by chance. */
    static final int BUSY_MINUTES = 12;

    private static final int REGULAR = 3;
    private static final int MOST = 7;
    private static final int MISSED = 4;

    /** After so many hours without usage every hour of the week was missed twice, and has lost what it had. */
    private static final long FORGOTTEN_AFTER = 3L * HOURS;

    // For each hour of the week: 8 * the step of the usual amount + how many busy weeks it has to its credit.
    private final char[] hours;
    private final boolean regular;

    private WeeklyRhythm(char[] hours) {
        this.hours = hours;
        boolean any = false;
        for (char hour : hours) {
            any |= isRegular(hour);
        }
        this.regular = any;
    }

    private static boolean isRegular(char cell) {
        return (cell & 7) >= REGULAR;
    }

    /** Whether any hour of the week is: else nothing is ever expected. */
    boolean isRegular() {
        return regular;
    }

    /**
     * From what was stored.
     *
     * @param hours {@value #HOURS} cells as {@link #cell} gave them, or none
     */
    public static WeeklyRhythm of(char[] hours) {
        if (hours.length != 0 && hours.length != HOURS) {
            throw new IllegalArgumentException("a week of " + hours.length + " hours");
        }
        return hours.length == 0 ? NONE : new WeeklyRhythm(hours.clone());
    }

    /** The number of cells: {@value #HOURS}, or 0 where no hour was ever busy. */
    public int cells() {
        return hours.length;
    }

    /** What is known of an hour of the week, for the store. */
    public char cell(int hourOfWeek) {
        return hours[hourOfWeek];
    }

    /** Having learned the hours from one until before another; they were as these minutes say. */
    WeeklyRhythm learn(long from, long before, RecentMinutes recent) {
        if (before <= from) {
            return this;
        }
        if (before - from > FORGOTTEN_AFTER) {
            return NONE;
        }
        if (hours.length == 0 && recent.active(before * 60 - 1, RecentMinutes.KEPT + 60) < BUSY_MINUTES) {
            return this;
        }
        char[] learned = hours.length == 0 ? new char[HOURS] : hours.clone();
        boolean any = false;
        for (long hour = from; hour < before; hour++) {
            long last = hour * 60 + 59;
            int at = hourOfWeek(hour);
            learned[at] = recent.active(last, 60) >= BUSY_MINUTES
                    ? busy(learned[at], LogScale.step(recent.total(last, 60)))
                    : missed(learned[at]);
        }
        for (char hour : learned) {
            any |= hour != 0;
        }
        return any ? new WeeklyRhythm(learned) : NONE;
    }

    private static char busy(char cell, int step) {
        int usual = cell >> 3;
        int credit = Math.min(MOST, (cell & 7) + 1);
        int next = usual == 0 ? step : (usual + step) / 2;
        return (char) (next << 3 | credit);
    }

    private static char missed(char cell) {
        int credit = (cell & 7) - MISSED;
        return credit <= 0 ? 0 : (char) (cell >> 3 << 3 | credit);
    }

    /** What an hour that ends with a minute usually has at least; 0 where nothing is sure. */
    long expected(long lastMinute) {
        long hour = Math.floorDiv(lastMinute, 60L);
        long expected = ofHour(hour);
        return Math.floorMod(lastMinute, 60L) == 59 ? expected : Math.min(expected, ofHour(hour - 1));
    }

    private long ofHour(long hour) {
        if (hours.length == 0) {
            return 0;
        }
        char cell = hours[hourOfWeek(hour)];
        return isRegular(cell) ? LogScale.amount(cell >> 3) : 0;
    }

    private static int hourOfWeek(long hour) {
        return (int) Math.floorMod(hour, (long) HOURS);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof WeeklyRhythm that && Arrays.equals(hours, that.hours);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(hours);
    }
}
