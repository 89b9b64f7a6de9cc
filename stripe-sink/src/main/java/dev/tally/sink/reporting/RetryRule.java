package dev.tally.sink.reporting;

import java.time.Duration;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * How long to wait before the next attempt: exponential with full jitter, Stripe's Retry-After as a floor, without end
 * (a cap on attempts would lose money).
 *
 * @param first upper bound of the first wait
 * @param longest upper bound of any wait
 */
public record RetryRule(Duration first, Duration longest) {
    /** 0.5 s to 5 min. */
    public static final RetryRule STANDARD = new RetryRule(Duration.ofMillis(500), Duration.ofMinutes(5));

    /** A longer Retry-After is cut to this, so that one odd header cannot stop billing for days. */
    public static final Duration LONGEST_FLOOR = Duration.ofHours(1);

    /** Refuses bounds that are not positive or not in order. */
    public RetryRule {
        if (first.isNegative() || first.isZero() || longest.compareTo(first) < 0) {
            throw new IllegalArgumentException("0 < first <= longest is needed");
        }
    }

    /** The upper bound of the wait after {@code failures} failed attempts (at least 1). */
    public Duration ceiling(int failures) {
        Duration ceiling = first;
        for (int i = 1; i < failures && ceiling.compareTo(longest) < 0; i++) {
            ceiling = ceiling.multipliedBy(2);
        }
        return ceiling.compareTo(longest) < 0 ? ceiling : longest;
    }

    /** The wait after {@code failures} failed attempts. */
    public Duration delay(int failures, Optional<Duration> floor, RandomGenerator random) {
        Duration jittered = Duration.ofNanos(random.nextLong(ceiling(failures).toNanos() + 1));
        Duration lowest = floor.orElse(Duration.ZERO);
        if (lowest.compareTo(LONGEST_FLOOR) > 0) {
            lowest = LONGEST_FLOOR;
        }
        return jittered.compareTo(lowest) < 0 ? lowest : jittered;
    }

    /** The wait while the account is halted: never under a tenth of the longest, so that a bad key does not hammer Stripe. */
    public Duration haltDelay(int failures, RandomGenerator random) {
        return delay(failures, Optional.of(longest.dividedBy(10)), random);
    }
}
