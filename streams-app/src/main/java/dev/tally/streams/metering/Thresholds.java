package dev.tally.streams.metering;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Which alerts a change of usage raises. */
public final class Thresholds {

    private static final long SAFE = Long.MAX_VALUE / 100;

    private Thresholds() {}

    /** Kinds of alert that usage raises by itself. */
    public enum Kind {
        WARNING,
        POOL_LOW,
        REACHED,
        EXCEEDED
    }

    /**
     * A threshold of a limit.
     *
     * @param kind what reaching it means
     * @param percent of the limit, 1 to 100; for POOL_LOW the share that is left
     */
    public record Threshold(Kind kind, int percent) {}

    /**
     * Where usage stands against a limit.
     *
     * @param used what counts against the limit
     * @param limit the allowed amount
     * @param remaining what is left of it, 0 or more
     * @param base what a share of a pool refers to: its allocation; elsewhere the limit
     */
    public record Level(long used, long limit, long remaining, long base) {

        /** Of a limit that is no pool. */
        public static Level of(long used, long limit) {
            return new Level(used, limit, Math.max(0, limit - used), limit);
        }

        /** With more used of it, where nothing was beyond it before. */
        public Level plus(long more) {
            return new Level(Amounts.plus(used, more), limit, Math.max(0, remaining - more), base);
        }
    }

    /** The thresholds of a limit, ascending; a pool warns by what is left of it instead of by its warnAt. */
    public static List<Threshold> of(PlanTerms.LimitTerms limit, boolean pool, int poolLowShare) {
        List<Threshold> thresholds = new ArrayList<>();
        if (pool) {
            thresholds.add(new Threshold(Kind.POOL_LOW, poolLowShare));
        } else {
            limit.warnAt().forEach(percent -> thresholds.add(new Threshold(Kind.WARNING, percent)));
        }
        thresholds.add(new Threshold(Kind.REACHED, 100));
        thresholds.add(new Threshold(Kind.EXCEEDED, 100));
        return thresholds;
    }

    /**
     * The thresholds that usage has passed and that were not raised before, ascending.
     *
     * @param raised thresholds already raised in this window
     */
    public static List<Threshold> newlyPassed(List<Threshold> thresholds, Level level, Set<Threshold> raised) {
        List<Threshold> passed = List.of();
        for (Threshold threshold : thresholds) {
            if (isPassed(threshold, level) && !raised.contains(threshold)) {
                passed = passed.isEmpty() ? new ArrayList<>() : passed;
                passed.add(threshold);
            }
        }
        return passed;
    }

    private static boolean isPassed(Threshold threshold, Level level) {
        return switch (threshold.kind()) {
            case WARNING -> atLeast(level.used(), level.limit(), threshold.percent());
            case POOL_LOW -> !atLeast(level.remaining(), level.base(), threshold.percent());
            case REACHED -> level.used() >= level.limit();
            case EXCEEDED -> level.used() > level.limit();
        };
    }

    /**
     * Whether usage that had passed a threshold lies below it now. Usage exactly at the limit is not below, so what was exceeded does not
     * end there.
     */
    public static boolean isBelow(Threshold threshold, Level level) {
        return switch (threshold.kind()) {
            case WARNING, POOL_LOW -> !isPassed(threshold, level);
            case REACHED, EXCEEDED -> level.used() < level.limit();
        };
    }

    /** {@code used * 100 >= limit * percent}, exactly, also where the products overflow. */
    static boolean atLeast(long used, long limit, int percent) {
        if (used <= SAFE && limit <= SAFE) {
            return used * 100 >= limit * percent;
        }
        return BigInteger.valueOf(used)
                        .multiply(BigInteger.valueOf(100))
                        .compareTo(BigInteger.valueOf(limit).multiply(BigInteger.valueOf(percent)))
                >= 0;
    }
}
