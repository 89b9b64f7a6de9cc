package dev.tally.cli.standin;

import io.github.bucket4j.Bucket;
import io.github.bucket4j.TimeMeter;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * Stripe's limits (its page on rate limits): token buckets by the stand-in's clock, which are checked only where {@link Variant#LIMITS}
 * is chosen, and the answers of what is beyond a limit.
 */
final class Limits {

    private static final int METER_EVENTS_PER_SECOND = 1_000;
    private static final int CALLS_PER_SECOND = 25;
    private static final int STREAMS_PER_SECOND = 10_000;

    /** "Up to 10k events per second" (Stripe's changelog of 2024-09-30); its SDK's text speaks of as many requests. */
    private static final int STREAMED_EVENTS_PER_SECOND = 10_000;

    private static final Pattern ID = Pattern.compile("/[a-z]+_[A-Za-z0-9_]+(?=/|$)");
    private static final Map<String, Integer> OWN_LIMIT = Map.of(
            MeterEvents.PATH, METER_EVENTS_PER_SECOND,
            MeterEvents.PATH_V2, METER_EVENTS_PER_SECOND,
            MeterEventStream.STREAM, STREAMS_PER_SECOND);

    private final StandInOptions options;
    private final TimeMeter time;
    private final Map<String, Bucket> buckets = new ConcurrentHashMap<>();

    Limits(StandInOptions options, InstantSource clock) {
        this.options = options;
        this.time = new TimeMeter() {
            @Override
            public long currentTimeNanos() {
                Instant now = clock.instant();
                return TimeUnit.SECONDS.toNanos(now.getEpochSecond()) + now.getNano();
            }

            @Override
            public boolean isWallClockBased() {
                return true;
            }
        };
    }

    /**
     * Counts a call.
     *
     * @throws Refusal when it is one too many
     */
    void check(Call call) {
        if (!options.shows(Variant.LIMITS)) {
            return;
        }
        String path = call.path();
        int limit = OWN_LIMIT.getOrDefault(path, CALLS_PER_SECOND);
        String endpoint = call.method() + " "
                + (limit == CALLS_PER_SECOND ? ID.matcher(path).replaceAll("/{id}") : path);
        consume(endpoint, limit, 1);
    }

    /**
     * Counts the events of a call of the v2 stream.
     *
     * @throws Refusal when they are too many
     */
    void checkStreamed(int events) {
        if (options.shows(Variant.LIMITS) && events > 0) {
            consume("streamed events", STREAMED_EVENTS_PER_SECOND, events);
        }
    }

    private void consume(String name, int limit, int count) {
        Bucket bucket = buckets.computeIfAbsent(
                name,
                unused -> Bucket.builder()
                        .addLimit(band -> band.capacity(limit).refillGreedy(limit, Duration.ofSeconds(1)))
                        .withCustomTimePrecision(time)
                        .build());
        if (!bucket.tryConsume(count)) {
            throw refusal("rate_limit", "Request rate limit exceeded.")
                    .with("Stripe-Rate-Limited-Reason", "endpoint-rate");
        }
    }

    /** What a second concurrent call for one customer and meter gets. */
    Refusal locked() {
        return options.shows(Variant.PLAIN_LOCK)
                ? refusal("rate_limit", "Request rate limit exceeded. (One concurrent call per customer per meter.)")
                        .with("Stripe-Rate-Limited-Reason", "endpoint-concurrency")
                : refusal(
                        "lock_timeout",
                        "This object cannot be accessed right now because another API request or Stripe process is currently"
                                + " accessing it. (One concurrent call per customer per meter.)");
    }

    private Refusal refusal(String code, String message) {
        Refusal refusal = Refusal.of(429, "invalid_request_error", code, message);
        return options.shows(Variant.RETRY_AFTER) ? refusal.with("Retry-After", "1") : refusal;
    }
}
