package dev.tally.streams.metering;

/**
 * How usage of a meter goes at the moment: what changes with each action. Immutable. Minutes and hours are counted from the epoch.
 *
 * @param recent the last hour
 * @param today the day of the newest minute, so far
 * @param highUntil the newest minute in which usage was high, during an anomaly; {@link Activity#NEVER} outside of one
 * @param silentBelow what was expected when a silence began; 0 outside of one
 * @param wakeMinute when it is to be looked at again; {@link Activity#NEVER} where that is not arranged
 * @param learnedTo the first hour that the weekly rhythm has not learned yet
 */
public record Course(
        RecentMinutes recent, DayFigures today, long highUntil, long silentBelow, long wakeMinute, long learnedTo) {

    /** Of a subject that is seen for the first time. */
    public static final Course NONE =
            new Course(RecentMinutes.NONE, DayFigures.NONE, Activity.NEVER, 0, Activity.NEVER, 0);

    Course today(DayFigures figures) {
        return new Course(recent, figures, highUntil, silentBelow, wakeMinute, learnedTo);
    }

    Course highUntil(long minute) {
        return new Course(recent, today, minute, silentBelow, wakeMinute, learnedTo);
    }

    Course silentBelow(long expected) {
        return new Course(recent, today, highUntil, expected, wakeMinute, learnedTo);
    }

    Course wakeMinute(long minute) {
        return new Course(recent, today, highUntil, silentBelow, minute, learnedTo);
    }

    Course learnedTo(long hour) {
        return new Course(recent, today, highUntil, silentBelow, wakeMinute, Math.max(learnedTo, hour));
    }
}
