package dev.tally.streams.metering;

/**
 * What is known of the course of one subject's usage of one meter. A few hundred bytes at most, however much is used. Minutes and days
 * are counted from the epoch.
 *
 * @param recent the last hour
 * @param today the day of the newest minute, so far
 * @param usual the active days before it
 * @param rhythm what is usual in each hour of the week
 * @param highUntil the newest minute in which usage was high, during an anomaly; {@link #NEVER} outside of one
 * @param silentBelow what was expected when a silence began; 0 outside of one
 * @param wakeMinute when it is to be looked at again; {@link #NEVER} where that is not arranged
 */
public record Activity(
        RecentMinutes recent,
        DayFigures today,
        UsualDays usual,
        WeeklyRhythm rhythm,
        long highUntil,
        long silentBelow,
        long wakeMinute) {

    /** No minute. */
    public static final long NEVER = Long.MIN_VALUE;

    /** A subject that is seen for the first time. */
    public static final Activity NONE =
            new Activity(RecentMinutes.NONE, DayFigures.NONE, UsualDays.NONE, WeeklyRhythm.NONE, NEVER, 0, NEVER);

    private static final long MINUTES_OF_AN_HOUR = 60;
    private static final long MINUTES_OF_A_DAY = 24 * MINUTES_OF_AN_HOUR;

    /** Whether an anomaly was raised and has not ended, as of the newest usage. */
    public boolean isAnomalous() {
        return highUntil != NEVER;
    }

    /** Whether a silence was raised and has not ended. */
    public boolean isSilent() {
        return silentBelow != 0;
    }

    /** With more usage. Hours and days that it leaves behind are learned from. */
    Activity plus(long minute, long amount) {
        RecentMinutes more = recent.plus(minute, amount);
        WeeklyRhythm learned = rhythm.learn(Math.floorDiv(more.newest(), MINUTES_OF_AN_HOUR), recent);
        long day = Math.floorDiv(more.newest(), MINUTES_OF_A_DAY);
        boolean nextDay = day > today.day();
        DayFigures soFar = nextDay ? DayFigures.of(day) : today;
        return new Activity(
                more,
                soFar.plus(Math.floorDiv(minute, MINUTES_OF_AN_HOUR), amount),
                nextDay ? usual.plus(today) : usual,
                learned,
                highUntil,
                silentBelow,
                wakeMinute);
    }

    /** Whether this is silent no longer: at least half of what was expected when it fell silent, or of what is expected now. */
    boolean isHeardAgain() {
        long used = Amounts.times(recent.total(recent.newest(), 60), 2);
        long expected = rhythm.expected(recent.newest());
        return used >= silentBelow || (expected > 0 && used >= expected);
    }

    /** With what was used just now learned, as far as it goes into the day's figures. */
    Activity learning(Level tenMinutes, Level hour, Level burst) {
        DayFigures raised = today.raisedTo(tenMinutes.learned(), hour.learned(), burst.learned());
        return new Activity(recent, raised, usual, rhythm, highUntil, silentBelow, wakeMinute);
    }

    Activity highUntil(long minute) {
        return new Activity(recent, today, usual, rhythm, minute, silentBelow, wakeMinute);
    }

    Activity silentBelow(long expected) {
        return new Activity(recent, today, usual, rhythm, highUntil, expected, wakeMinute);
    }

    Activity wakeMinute(long minute) {
        return new Activity(recent, today, usual, rhythm, highUntil, silentBelow, minute);
    }

    Activity rhythm(WeeklyRhythm learned) {
        return new Activity(recent, today, usual, learned, highUntil, silentBelow, wakeMinute);
    }
}
