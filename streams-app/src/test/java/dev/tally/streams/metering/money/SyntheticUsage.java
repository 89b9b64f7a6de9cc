package dev.tally.streams.metering.money;

import java.util.Random;

/**
 * Daily usage of made-up subjects. Each has a level of its own (log-normal over subjects), days that are alike (an autoregressive log-normal
 * noise of 20 to 45 %), and what its kind adds. Counts of a day are Poisson around that.
 */
final class SyntheticUsage {

    /** What a subject is like. */
    enum Kind {
        /** Little at week-ends, one day in fifty a holiday. */
        BUSINESS,
        /** Each weekday with a share of its own, near the others. */
        CONSUMER,
        /** Up by 10 to 50 % a month, with quiet week-ends. */
        GROWTH,
        /** Down by 10 to 40 % a month. */
        DECLINE,
        /** One day in ten to thirty sees 4 to 12 times as much. */
        BURSTS,
        /** Idle on three days of four. */
        IDLE,
        /** Begins within the time, and takes its weeks to rise. */
        NEW,
        /** Ends within the time. */
        STOPS,
        /** Halves, or doubles, from one day to the next. */
        STEP
    }

    private final Kind kind;
    private final Random random;
    private final double level;
    private final double noise;
    private final double likeness;
    private final double[] week = new double[7];
    private final double trend;
    private final int begins;
    private final int ends;
    private final double rise;
    private final int stepAt;
    private final double step;
    private final double burstShare;

    /** @param days that will be asked for */
    SyntheticUsage(Kind kind, long seed, int days) {
        this.kind = kind;
        this.random = new Random(seed);
        level = Math.exp(Math.log(300) + random.nextGaussian());
        noise = between(0.2, 0.45);
        likeness = between(0, 0.6);
        for (int day = 0; day < week.length; day++) {
            week[day] = kind == Kind.CONSUMER ? between(0.8, 1.2) : day < 5 ? 1 : between(0.02, 0.3);
        }
        trend = switch (kind) {
            case GROWTH -> between(0.1, 0.5) / 30;
            case DECLINE -> -between(0.1, 0.4) / 30;
            default -> 0;
        };
        begins = kind == Kind.NEW ? days / 4 + random.nextInt(days / 3) : 0;
        ends = kind == Kind.STOPS ? days / 3 + random.nextInt(days / 2) : days;
        rise = between(5, 20);
        stepAt = kind == Kind.STEP ? days / 3 + random.nextInt(days / 2) : days;
        step = random.nextBoolean() ? 2 : 0.5;
        burstShare = between(0.03, 0.1);
    }

    private double between(double from, double to) {
        return from + random.nextDouble() * (to - from);
    }

    /** Usage of so many days; the first is a Monday. */
    long[] days(int count) {
        long[] days = new long[count];
        double state = 0;
        for (int day = 0; day < count; day++) {
            state = likeness * state + Math.sqrt(1 - likeness * likeness) * noise * random.nextGaussian();
            days[day] = poisson(level * Math.exp(trend * day + state - noise * noise / 2) * factor(day));
        }
        return days;
    }

    private double factor(int day) {
        double ofWeek = week[day % 7];
        return switch (kind) {
            case BUSINESS -> random.nextInt(50) == 0 ? ofWeek / 10 : ofWeek;
            case CONSUMER, GROWTH, DECLINE -> ofWeek;
            case BURSTS -> ofWeek * (random.nextDouble() < burstShare ? between(4, 12) : 0.6);
            case IDLE -> random.nextInt(4) == 0 ? 3 : 0;
            case NEW -> day < begins ? 0 : ofWeek * (1 - Math.exp(-(day - begins + 1) / rise));
            case STOPS -> day < ends ? ofWeek : 0;
            case STEP -> day < stepAt ? ofWeek : ofWeek * step;
        };
    }

    private long poisson(double mean) {
        if (mean > 50) {
            return Math.max(0, Math.round(mean + Math.sqrt(mean) * random.nextGaussian()));
        }
        double limit = Math.exp(-mean);
        double product = random.nextDouble();
        long count = 0;
        while (product > limit) {
            product *= random.nextDouble();
            count++;
        }
        return count;
    }
}
