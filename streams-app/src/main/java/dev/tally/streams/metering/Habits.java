package dev.tally.streams.metering;

/**
 * What is usual of a subject's usage of a meter: what changes once an hour or once a day. Immutable.
 *
 * @param usual the active days before the newest
 * @param rhythm what is usual in each hour of the week
 */
public record Habits(UsualDays usual, WeeklyRhythm rhythm) {

    /** Of a subject that is seen for the first time. */
    public static final Habits NONE = new Habits(UsualDays.NONE, WeeklyRhythm.NONE);

    /** The same where nothing was learned. */
    Habits with(UsualDays days, WeeklyRhythm learned) {
        return days.equals(usual) && learned.equals(rhythm) ? this : new Habits(days, learned);
    }
}
