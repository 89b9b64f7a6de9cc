package dev.tally.sink.delivery;

import io.github.bucket4j.Bandwidth;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.BucketConfiguration;
import io.github.bucket4j.TokensInheritanceStrategy;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/**
 * How fast and how many calls go to Stripe: a token bucket for the rate and a limit on running calls. The rate halves
 * with each second that saw a 429 and comes back by a twentieth of its limit per second without one.
 */
public final class Pacing {
    private static final Duration STEP = Duration.ofSeconds(1);

    private final InstantSource clock;
    private final int limit;
    private final Bucket bucket;
    private int rate;
    private Instant changedAt;

    /** {@code limit} is in calls per second. */
    public Pacing(int limit, InstantSource clock) {
        this.clock = clock;
        this.limit = limit;
        this.rate = limit;
        this.changedAt = clock.instant();
        this.bucket = Bucket.builder().addLimit(bandwidth(limit)).build();
    }

    /** Waits for the turn of one call. */
    public void await() throws InterruptedException {
        bucket.asBlocking().consume(1);
    }

    /** After a 429. */
    public synchronized void slowDown() {
        if (stepIsOver()) {
            change(Math.max(1, rate / 2));
        }
    }

    /** After a call that was answered well. */
    public synchronized void speedUp() {
        if (rate < limit && stepIsOver()) {
            change(Math.min(limit, rate + Math.max(1, limit / 20)));
        }
    }

    synchronized int rate() {
        return rate;
    }

    private boolean stepIsOver() {
        return !clock.instant().isBefore(changedAt.plus(STEP));
    }

    private void change(int newRate) {
        rate = newRate;
        changedAt = clock.instant();
        bucket.replaceConfiguration(
                BucketConfiguration.builder().addLimit(bandwidth(newRate)).build(),
                TokensInheritanceStrategy.PROPORTIONALLY);
    }

    /** A burst of a tenth of a second, so that no second sees much more than the limit. */
    private static Bandwidth bandwidth(int perSecond) {
        return Bandwidth.builder()
                .capacity(Math.max(1, perSecond / 10))
                .refillGreedy(perSecond, Duration.ofSeconds(1))
                .build();
    }
}
