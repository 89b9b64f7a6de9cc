package dev.tally.streams.metering;

/**
 * A day of one subject's usage of one meter, as far as it has come.
 *
 * @param day counted from the epoch
 * @param amount what was used
 * @param hours in how many hours of the clock
 * @param lastHour the last of them, counted from the epoch
 * @param tenMinutes the most that was sustained for ten minutes
 * @param hour the most that was sustained for an hour
 * @param burst the most that was used in ten minutes
 */
public record DayFigures(long day, long amount, int hours, long lastHour, long tenMinutes, long hour, long burst) {

    /** No day yet. */
    public static final DayFigures NONE = of(Long.MIN_VALUE);

    /** A day of which nothing is known yet. */
    static DayFigures of(long day) {
        return new DayFigures(day, 0, 0, Long.MIN_VALUE, 0, 0, 0);
    }

    /** With more usage; what arrives out of order belongs to the day's last hour. */
    DayFigures plus(long ofHour, long more) {
        return new DayFigures(
                day,
                Amounts.plus(amount, more),
                hours + (ofHour > lastHour ? 1 : 0),
                Math.max(lastHour, ofHour),
                tenMinutes,
                hour,
                burst);
    }

    /** With what was used just now. */
    DayFigures raisedTo(long inTenMinutes, long inAnHour, long atOnce) {
        return new DayFigures(
                day,
                amount,
                hours,
                lastHour,
                Math.max(tenMinutes, inTenMinutes),
                Math.max(hour, inAnHour),
                Math.max(burst, atOnce));
    }
}
