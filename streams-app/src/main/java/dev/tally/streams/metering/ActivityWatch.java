package dev.tally.streams.metering;

import dev.tally.streams.metering.Deviation.Kind;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Tells when a subject uses far more or far less of a meter than is usual for it. Everything goes by event time, by the minute; the same
 * usage in sums that are cut elsewhere gives the same, up to the minute that a sum is counted in: that of its newest action.
 *
 * <p><b>Anomaly.</b> What counts is usage that goes on: the last hour is taken as six blocks and the last ten minutes as five, no block
 * counts for more than the third largest, and usage in fewer than 12 minutes of the hour, or 6 of the ten, counts for nothing. So a burst,
 * such as one commit that touches a thousand files, is no anomaly, and a loop is one. It is held against the subject's own last
 * {@value UsualDays#KEPT} active days: against what it sustains on a busy one of them (nine in ten stay below), and at least against its
 * usual active hour, or half of it for ten minutes. {@value #MANY_TIMES} times as much raises an anomaly. Ten minutes with fifty times as
 * much as in any of those days raise one as well, even where all of it came at once: less than that cannot be told from the bursts that
 * subjects do have. A subject is judged from its fourth active day on, its bursts from the eleventh on.
 *
 * <p>An anomaly is raised once, and ends when usage has stayed below half of what raises one for {@link #CALM}.
 *
 * <p><b>Silence.</b> For subjects that are busy in the same hours week after week (see {@link WeeklyRhythm}): an hour with a tenth or less
 * of what is usual in just these hours raises a silence, once; it ends with an hour of at least half as much as is usual. To be asked for
 * by {@link #look}, at the instants that observations give.
 */
public final class ActivityWatch {

    /** So many times the baseline is an anomaly. */
    public static final int MANY_TIMES = 5;

    /** One part in so many of what is expected is a silence. */
    public static final int SMALL_PART = 10;

    /** How long usage has to stay low for an anomaly to end. */
    public static final Duration CALM = Duration.ofHours(1);

    /** Usage that is older when it arrives raises nothing: it says nothing about now. */
    public static final Duration FRESH = Duration.ofHours(1);

    /** A course without usage for so long is forgotten. */
    public static final Duration FORGOTTEN_AFTER = Duration.ofDays(400);

    private static final long MINUTE_MILLIS = Duration.ofMinutes(1).toMillis();
    private static final int HOUR = 60;
    private static final int WEEK = 7 * 24 * HOUR;

    /** Minutes after the end of an hour in which what belongs to it may still arrive before the hour is learned. */
    private static final int SETTLE = 10;

    private ActivityWatch() {}

    /**
     * Usage has arrived. What is more than an hour older than the newest usage of the subject changes nothing.
     *
     * @param amount 0 or less changes nothing
     * @param eventTime of the newest action in it
     * @param now log time
     */
    public static Observation observe(Activity before, long amount, Instant eventTime, Instant now) {
        long minute = minute(eventTime);
        if (amount <= 0 || before.recent().isPast(minute)) {
            return new Observation(before, null, null);
        }
        Activity more = before.plus(minute, amount);
        Level tenMinutes = Level.tenMinutes(more.recent(), more.usual());
        Level hour = Level.hour(more.recent(), more.usual());
        Level burst = Level.burst(more.recent(), more.usual());
        boolean high = tenMinutes.isHigh() || hour.isHigh() || burst.isHigh();
        Activity after = heard(afterAnomaly(more.learning(tenMinutes, hour, burst), high));
        Deviation raised = null;
        if (!after.isAnomalous() && minute(now) - after.recent().newest() <= FRESH.toMinutes()) {
            raised = anomaly(after.recent(), hour, tenMinutes, burst);
            after = raised == null ? after : after.highUntil(after.recent().newest());
        }
        return needsWake(before, after) ? withWake(after, minute(now), raised) : new Observation(after, raised, null);
    }

    private static Activity afterAnomaly(Activity activity, boolean high) {
        long newest = activity.recent().newest();
        if (!activity.isAnomalous()) {
            return activity;
        }
        if (newest - activity.highUntil() >= CALM.toMinutes()) {
            return activity.highUntil(Activity.NEVER);
        }
        return high ? activity.highUntil(newest) : activity;
    }

    private static @Nullable Deviation anomaly(RecentMinutes recent, Level... levels) {
        for (Level level : levels) {
            if (level.isTooMuch()) {
                long end = recent.newest() + 1;
                return new Deviation(
                        Kind.ANOMALY,
                        instant(end - level.minutes()),
                        instant(end),
                        recent.total(recent.newest(), level.minutes()),
                        level.baseline());
            }
        }
        return null;
    }

    private static Activity heard(Activity activity) {
        return activity.isSilent() && activity.isHeardAgain() ? activity.silentBelow(0) : activity;
    }

    /** Whether something may now be due earlier than was arranged. */
    private static boolean needsWake(Activity before, Activity after) {
        return after.wakeMinute() == Activity.NEVER
                || (before.isSilent() && !after.isSilent())
                || after.course().learnedTo() != before.course().learnedTo();
    }

    private static Observation withWake(Activity activity, long lastMinute, @Nullable Deviation raised) {
        long wake = nextWake(activity, Math.max(lastMinute, activity.recent().newest()));
        return activity.wakeMinute() == Activity.NEVER || wake < activity.wakeMinute()
                ? new Observation(activity.wakeMinute(wake), raised, instant(wake))
                : new Observation(activity, raised, null);
    }

    /** The end of the first hour that would be silent and ends after the given minute; else when the course is forgotten. */
    private static long nextWake(Activity activity, long after) {
        if (!activity.isSilent() && activity.rhythm().isRegular()) {
            for (long minute = after + 1; minute <= after + HOUR + WEEK; minute++) {
                if (isSilent(activity, minute)) {
                    return minute + 1;
                }
            }
        }
        return Math.max(activity.recent().newest() + FORGOTTEN_AFTER.toMinutes(), after + 1);
    }

    private static boolean isSilent(Activity activity, long lastMinute) {
        long expected = activity.rhythm().expected(lastMinute);
        return expected > 0 && Amounts.times(activity.recent().total(lastMinute, HOUR), SMALL_PART) <= expected;
    }

    /**
     * An instant has come at which this course was to be looked at again. Earlier than that nothing changes.
     *
     * @param now up to when all usage has arrived
     * @return with {@link Activity#NONE} where the course is forgotten
     */
    public static Observation look(Activity before, Instant now) {
        long minute = minute(now);
        RecentMinutes recent = before.recent();
        if (recent.isEmpty() || minute - recent.newest() >= FORGOTTEN_AFTER.toMinutes()) {
            return new Observation(Activity.NONE, null, null);
        }
        if (minute < before.wakeMinute()) {
            return new Observation(before, null, null);
        }
        long last = minute - 1;
        Activity activity =
                before.learnedTo(Math.floorDiv(minute - SETTLE, (long) HOUR)).wakeMinute(Activity.NEVER);
        if (activity.isSilent() || !isSilent(activity, last)) {
            return withWake(activity, last, null);
        }
        long expected = activity.rhythm().expected(last);
        return withWake(
                activity.silentBelow(expected),
                last,
                new Deviation(
                        Kind.SILENCE, instant(minute - HOUR), instant(minute), recent.total(last, HOUR), expected));
    }

    private static long minute(Instant at) {
        return Math.floorDiv(at.toEpochMilli(), MINUTE_MILLIS);
    }

    private static Instant instant(long minute) {
        return Instant.ofEpochMilli(minute * MINUTE_MILLIS);
    }
}
