package dev.tally.streams.metering;

/**
 * What is known of one subject's usage of one meter. A few hundred bytes at most, however much is used. Minutes and days are counted from
 * the epoch.
 */
public record Activity(Course course, Habits habits) {

    /** No minute. */
    public static final long NEVER = Long.MIN_VALUE;

    /** A subject that is seen for the first time. */
    public static final Activity NONE = new Activity(Course.NONE, Habits.NONE);

    private static final long MINUTES_OF_AN_HOUR = 60;
    private static final long MINUTES_OF_A_DAY = 24 * MINUTES_OF_AN_HOUR;

    RecentMinutes recent() {
        return course.recent();
    }

    UsualDays usual() {
        return habits.usual();
    }

    WeeklyRhythm rhythm() {
        return habits.rhythm();
    }

    long highUntil() {
        return course.highUntil();
    }

    long wakeMinute() {
        return course.wakeMinute();
    }

    /** Whether an anomaly was raised and has not ended, as of the newest usage. */
    public boolean isAnomalous() {
        return course.highUntil() != NEVER;
    }

    /** Whether a silence was raised and has not ended. */
    public boolean isSilent() {
        return course.silentBelow() != 0;
    }

    /** With more usage. Hours and days that it leaves behind are learned from. */
    Activity plus(long minute, long amount) {
        RecentMinutes more = recent().plus(minute, amount);
        long hour = Math.floorDiv(more.newest(), MINUTES_OF_AN_HOUR);
        WeeklyRhythm learned = rhythm().learn(course.learnedTo(), hour, recent());
        DayFigures today = course.today();
        long day = Math.floorDiv(more.newest(), MINUTES_OF_A_DAY);
        boolean nextDay = day > today.day();
        DayFigures soFar =
                (nextDay ? DayFigures.of(day) : today).plus(Math.floorDiv(minute, MINUTES_OF_AN_HOUR), amount);
        return new Activity(
                new Course(
                        more,
                        soFar,
                        course.highUntil(),
                        course.silentBelow(),
                        course.wakeMinute(),
                        Math.max(course.learnedTo(), hour)),
                habits.with(nextDay ? usual().plus(today) : usual(), learned));
    }

    /** Whether this is silent no longer: at least half of what was expected when it fell silent, or of what is expected now. */
    boolean isHeardAgain() {
        long used = Amounts.times(recent().total(recent().newest(), 60), 2);
        long expected = rhythm().expected(recent().newest());
        return used >= course.silentBelow() || (expected > 0 && used >= expected);
    }

    /** With what was used just now learned, as far as it goes into the day's figures. */
    Activity learning(Level tenMinutes, Level hour, Level burst) {
        return with(course.today(course.today().raisedTo(tenMinutes.learned(), hour.learned(), burst.learned())));
    }

    Activity highUntil(long minute) {
        return with(course.highUntil(minute));
    }

    Activity silentBelow(long expected) {
        return with(course.silentBelow(expected));
    }

    Activity wakeMinute(long minute) {
        return with(course.wakeMinute(minute));
    }

    /** With the hours before one learned, as far as they were not. */
    Activity learnedTo(long hour) {
        return new Activity(
                course.learnedTo(hour), habits.with(usual(), rhythm().learn(course.learnedTo(), hour, recent())));
    }

    private Activity with(Course now) {
        return new Activity(now, habits);
    }
}
