package dev.tally.streams.metering;

/**
 * What was used in the last minutes, beside what is usual.
 *
 * @param minutes the length of the window that ends with the newest minute
 * @param used what counts of it
 * @param baseline what is usual; at least 1
 * @param times how many times the baseline is too much
 * @param known whether enough is known of the subject to judge
 */
record Level(int minutes, long used, long baseline, int times, boolean known) {

    private static final int HOUR = 60;
    private static final int TEN_MINUTES = 10;
    private static final int BLOCKS_OF_AN_HOUR = 6;
    private static final int BLOCKS_OF_TEN_MINUTES = 5;

    /** No block counts for more than the third largest. */
    private static final int RANK = 3;

    /** With usage in fewer minutes nothing is sustained. */
    private static final int MINUTES_OF_AN_HOUR = 12;

    private static final int MINUTES_OF_TEN = 6;

    /** Active days after which sustained usage is judged. */
    private static final int DAYS = 3;

    /** Active days after which bursts are judged: there is no telling how large the next one will be from a few. */
    private static final int DAYS_OF_BURSTS = 10;

    private static final int MANY_TIMES_AT_ONCE = 50;

    /** What was sustained for an hour. */
    static Level hour(RecentMinutes recent, UsualDays usual) {
        return new Level(
                HOUR,
                sustained(recent, HOUR, BLOCKS_OF_AN_HOUR, MINUTES_OF_AN_HOUR),
                Math.max(1, Math.max(usual.hour(), usual.hourly())),
                ActivityWatch.MANY_TIMES,
                usual.size() >= DAYS);
    }

    /** What was sustained for ten minutes. Half of a usual hour may come within ten minutes. */
    static Level tenMinutes(RecentMinutes recent, UsualDays usual) {
        return new Level(
                TEN_MINUTES,
                sustained(recent, TEN_MINUTES, BLOCKS_OF_TEN_MINUTES, MINUTES_OF_TEN),
                Math.max(1, Math.max(usual.tenMinutes(), usual.hourly() / 2)),
                ActivityWatch.MANY_TIMES,
                usual.size() >= DAYS);
    }

    /** What came within ten minutes, be it at once. */
    static Level burst(RecentMinutes recent, UsualDays usual) {
        return new Level(
                TEN_MINUTES,
                recent.total(recent.newest(), TEN_MINUTES),
                Math.max(1, usual.burst()),
                MANY_TIMES_AT_ONCE,
                usual.size() >= DAYS_OF_BURSTS);
    }

    private static long sustained(RecentMinutes recent, int minutes, int blocks, int atLeast) {
        return recent.active(recent.newest(), minutes) < atLeast ? 0 : recent.sustained(blocks, minutes / blocks, RANK);
    }

    /** Whether it raises an anomaly. */
    boolean isTooMuch() {
        return known && used >= Amounts.times(baseline, times);
    }

    /** Whether it keeps one from ending: half as much does. */
    boolean isHigh() {
        return known && used >= Amounts.times(baseline, times) / 2;
    }

    /** What of it is learned: an anomaly does not become usual at once, only step by step where it comes again and again. */
    long learned() {
        return known ? Math.min(used, Amounts.times(baseline, ActivityWatch.MANY_TIMES)) : used;
    }
}
