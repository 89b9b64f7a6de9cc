package dev.tally.streams.http.auth;

import io.github.bucket4j.Bandwidth;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.ConsumptionProbe;
import io.github.bucket4j.TimeMeter;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * How often each caller may call: so many times a second, with bursts of as many. Of the callers heard of last so many are remembered; one that is
 * forgotten starts anew, so no caller is ever refused for lack of room.
 */
public final class RateLimit {

    static final int REMEMBERED_AT_MOST = 50_000;

    private final int perSecond;
    private final TimeMeter time;
    private final Map<String, Bucket> buckets = new Recent<>(REMEMBERED_AT_MOST);

    /** @param perSecond calls a second; 0 for any number */
    public RateLimit(int perSecond, InstantSource clock) {
        this.perSecond = perSecond;
        this.time = new TimeMeter() {
            @Override
            public long currentTimeNanos() {
                return TimeUnit.MILLISECONDS.toNanos(clock.millis());
            }

            @Override
            public boolean isWallClockBased() {
                return true;
            }
        };
    }

    /** Counts a call. Empty when it may go on; otherwise after how long the next one may. */
    public Optional<Duration> refusal(String caller) {
        if (perSecond == 0) {
            return Optional.empty();
        }
        ConsumptionProbe probe = bucket(caller).tryConsumeAndReturnRemaining(1);
        return probe.isConsumed() ? Optional.empty() : Optional.of(Duration.ofNanos(probe.getNanosToWaitForRefill()));
    }

    private synchronized Bucket bucket(String caller) {
        return buckets.computeIfAbsent(
                caller,
                any -> Bucket.builder()
                        .addLimit(Bandwidth.builder()
                                .capacity(perSecond)
                                .refillGreedy(perSecond, Duration.ofSeconds(1))
                                .build())
                        .withCustomTimePrecision(time)
                        .build());
    }
}
