package dev.tally.streams.metering;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * How the latest active days of a subject and meter went. Days without usage are not among them, so that quiet days, nights and week-ends
 * make nothing look large. Immutable.
 */
public final class UsualDays {

    /** Days that are remembered. */
    public static final int KEPT = 21;

    /** No day yet. */
    public static final UsualDays NONE = new UsualDays(new char[0]);

    private static final int HOURLY = 0;
    private static final int TEN_MINUTES = 1;
    private static final int HOUR = 2;
    private static final int BURST = 3;
    private static final int WIDTH = 4;

    /** One day in ten may go beyond what is usual. */
    private static final int HIGH = 90;

    private static final int MEDIAN = 50;
    private static final int HIGHEST = 100;

    private final char[] steps;
    private final long hourly;
    private final long tenMinutes;
    private final long hour;
    private final long burst;

    private UsualDays(char[] steps) {
        this.steps = steps;
        hourly = quantile(HOURLY, MEDIAN);
        tenMinutes = quantile(TEN_MINUTES, HIGH);
        hour = quantile(HOUR, HIGH);
        burst = quantile(BURST, HIGHEST);
    }

    /**
     * From what was stored.
     *
     * @param steps as {@link #step} gave them
     */
    public static UsualDays of(char[] steps) {
        if (steps.length % WIDTH != 0 || steps.length > KEPT * WIDTH) {
            throw new IllegalArgumentException(steps.length + " figures of days");
        }
        return new UsualDays(steps.clone());
    }

    /** How many figures there are to store. */
    public int steps() {
        return steps.length;
    }

    /** A figure, for the store. */
    public char step(int index) {
        return steps[index];
    }

    /** With one more day, and without the oldest where there is no room for it; the same where the day saw no usage. */
    UsualDays plus(DayFigures day) {
        if (day.amount() == 0) {
            return this;
        }
        int from = size() == KEPT ? WIDTH : 0;
        int last = steps.length - from;
        char[] more = Arrays.copyOf(Arrays.copyOfRange(steps, from, steps.length), last + WIDTH);
        more[last + HOURLY] = (char) LogScale.step(day.amount() / day.hours());
        more[last + TEN_MINUTES] = (char) LogScale.step(day.tenMinutes());
        more[last + HOUR] = (char) LogScale.step(day.hour());
        more[last + BURST] = (char) LogScale.step(day.burst());
        return new UsualDays(more);
    }

    /** The number of days. */
    int size() {
        return steps.length / WIDTH;
    }

    /** What an hour of the clock with usage usually sees. */
    long hourly() {
        return hourly;
    }

    /** What is sustained for ten minutes on a busy day. */
    long tenMinutes() {
        return tenMinutes;
    }

    /** What is sustained for an hour on a busy day. */
    long hour() {
        return hour;
    }

    /** The most that ten minutes have seen. */
    long burst() {
        return burst;
    }

    private long quantile(int column, int percent) {
        int days = size();
        if (days == 0) {
            return 0;
        }
        char[] sorted = new char[days];
        for (int i = 0; i < days; i++) {
            sorted[i] = steps[i * WIDTH + column];
        }
        Arrays.sort(sorted);
        return LogScale.amount(sorted[(days - 1) * percent / 100]);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof UsualDays that && Arrays.equals(steps, that.steps);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(steps);
    }
}
