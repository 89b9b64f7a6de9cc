package dev.tally.streams.metering.money;

import dev.tally.streams.metering.Period;
import java.time.Duration;
import java.time.Instant;

/**
 * How much of a meter a payer will use in a time ahead: a trailing daily rate with the shape of its week.
 *
 * <ol>
 *   <li><em>Shape</em>: the mean of each weekday over the mean of all days, drawn towards 1 by {@value #SHAPE_PRIOR} average day, so that a
 *       few days say little.
 *   <li><em>Rate</em>: usage over what the shape expects, both weighted by 2^(-age / {@value #HALF_LIFE} days); the days before the first use
 *       do not count, and today counts as far as it has passed.
 *   <li><em>Likely</em>: the rate times the shape of the days ahead.
 *   <li><em>Low and high</em>: {@value #DEVIATIONS} standard deviations around it. They come from the noise of single days around rate and shape
 *       (at least some of it is assumed: {@value #NOISE_PRIOR} days with a variance of {@value #PRIOR_VARIANCE}; and
 *       {@value #DEPENDENCE} times as much, since days are alike), which matters less the more days are ahead; from how well so many
 *       days tell the rate; and from its drift, {@value #DRIFT} a day in proportion to the square root of the days ahead.
 * </ol>
 *
 * <p>It sees no growth ahead, no end, and no event that its past did not have. The constants were chosen on synthetic subjects; the test
 * holds them against other ones, and against a real trace. It calculates in floating point: an estimate, not money.
 */
public final class UsageForecast {

    private static final double HALF_LIFE = 10;
    private static final double SHAPE_PRIOR = 1;
    private static final double NOISE_PRIOR = 3;
    private static final double PRIOR_VARIANCE = 0.25;
    private static final double DEPENDENCE = 1.5;
    private static final double DRIFT = 0.03;
    private static final double DRIFT_DAYS = 5;
    private static final double DEVIATIONS = 1.6;

    private static final int WEEK = 7;
    private static final double DAY_MILLIS = Duration.ofDays(1).toMillis();

    private final DailyUsage past;
    private final double[] shape = new double[WEEK];

    private UsageForecast(DailyUsage past) {
        this.past = past;
    }

    /** Between what a usage will be, and what it will be most probably; 0 or more. */
    public record Outlook(long low, long likely, long high) {

        /** Nothing to come. */
        public static final Outlook NOTHING = new Outlook(0, 0, 0);
    }

    /**
     * What will be used in a time ahead, in units of the meter.
     *
     * @param past up to now, or to the beginning of that time
     */
    public static Outlook of(DailyUsage past, Period ahead) {
        DailyUsage begun = past.sinceItBegan();
        return begun.size() == 0 ? Outlook.NOTHING : new UsageForecast(begun).ahead(ahead);
    }

    private Outlook ahead(Period ahead) {
        learnShape();
        double used = 0;
        double expected = 0;
        double weights = 0;
        double squares = 0;
        for (int i = 0; i < past.size(); i++) {
            double weight = weight(i);
            used += weight * past.amounts().get(i);
            expected += weight * exposure(i);
            weights += weight * past.share(i);
            squares += weight * weight * past.share(i);
        }
        if (used == 0 || expected == 0) {
            return Outlook.NOTHING;
        }
        double rate = used / expected;
        double days = weights * weights / squares;
        double noise = DEPENDENCE * noise(rate, days);
        double shapes = 0;
        double shapeSquares = 0;
        double length = 0;
        for (Instant from = ahead.start(); from.isBefore(ahead.end()); ) {
            long day = Math.floorDiv(from.toEpochMilli(), (long) DAY_MILLIS);
            Instant midnight = Instant.ofEpochMilli((day + 1) * (long) DAY_MILLIS);
            Instant to = midnight.isBefore(ahead.end()) ? midnight : ahead.end();
            double share = Duration.between(from, to).toMillis() / DAY_MILLIS;
            double of = share * shape[DailyUsage.weekday(day)];
            shapes += of;
            shapeSquares += of * of;
            length += share;
            from = to;
        }
        double likely = rate * shapes;
        double variance =
                noise * shapeSquares + shapes * shapes * (noise / days + DRIFT * DRIFT * (DRIFT_DAYS + length));
        double deviation = DEVIATIONS * rate * Math.sqrt(variance);
        return new Outlook(
                Math.round(Math.max(0, likely - deviation)), Math.round(likely), Math.round(likely + deviation));
    }

    private void learnShape() {
        double all = 0;
        double days = 0;
        double[] sums = new double[WEEK];
        double[] counts = new double[WEEK];
        for (int i = 0; i < past.size(); i++) {
            int weekday = past.weekday(i);
            sums[weekday] += past.amounts().get(i);
            counts[weekday] += past.share(i);
            all += past.amounts().get(i);
            days += past.share(i);
        }
        double mean = all / Math.max(days, 1);
        for (int weekday = 0; weekday < WEEK; weekday++) {
            shape[weekday] =
                    mean == 0 ? 1 : (sums[weekday] + SHAPE_PRIOR * mean) / ((counts[weekday] + SHAPE_PRIOR) * mean);
        }
    }

    private double weight(int index) {
        return Math.pow(0.5, (past.size() - 1 - index) / HALF_LIFE);
    }

    private double exposure(int index) {
        return shape[past.weekday(index)] * past.share(index);
    }

    /** The variance of whole days around what is expected of them, in proportion to its square. */
    private double noise(double rate, double days) {
        double deviations = 0;
        double expected = 0;
        for (int i = 0; i < past.size(); i++) {
            if (past.share(i) == 1) {
                double mean = rate * exposure(i);
                double deviation = past.amounts().get(i) - mean;
                deviations += weight(i) * deviation * deviation;
                expected += weight(i) * mean * mean;
            }
        }
        double seen = expected == 0 ? PRIOR_VARIANCE : deviations / expected;
        return (days * seen + NOISE_PRIOR * PRIOR_VARIANCE) / (days + NOISE_PRIOR);
    }
}
