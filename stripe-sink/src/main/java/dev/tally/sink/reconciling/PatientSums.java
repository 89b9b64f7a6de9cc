package dev.tally.sink.reconciling;

import dev.tally.sink.reporting.Answer;
import dev.tally.sink.reporting.HourSums;
import dev.tally.sink.reporting.MinuteSum;
import dev.tally.sink.reporting.RetryRule;
import dev.tally.sink.stripe.StripeSums;
import io.github.bucket4j.Bandwidth;
import io.github.bucket4j.Bucket;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.random.RandomGenerator;

/** Asks for Stripe's sums no faster than it likes, and again after failures that pass. */
final class PatientSums {
    /** Stripe takes 25 calls a second of each endpoint but meter events (its page on rate limits); some are left to the delivery. */
    private static final int READS_PER_SECOND = 15;

    private static final int TRIES = 3;

    /** A comparison is not worth a longer wait: what Stripe does not tell by then is said to be untold. */
    private static final Duration LONGEST_WAIT = Duration.ofMinutes(1);

    private static final RetryRule RETRIES = new RetryRule(Duration.ofSeconds(2), Duration.ofSeconds(4));

    private final StripeSums sums;
    private final RandomGenerator random;
    private final Pause pause;
    private final Bucket reads = Bucket.builder()
            .addLimit(Bandwidth.builder()
                    .capacity(1)
                    .refillGreedy(READS_PER_SECOND, Duration.ofSeconds(1))
                    .build())
            .build();

    /** Waits between two attempts. */
    @FunctionalInterface
    interface Pause {
        /** Returns after so long. */
        void of(Duration wait) throws InterruptedException;
    }

    PatientSums(StripeSums sums, RandomGenerator random, Pause pause) {
        this.sums = sums;
        this.random = random;
        this.pause = pause;
    }

    /** As {@link StripeSums#inHours}, with up to three attempts. */
    HourSums inHours(Instant from, Instant to, String customer, String eventName) throws InterruptedException {
        for (int attempt = 1; ; attempt++) {
            reads.asBlocking().consume(1);
            HourSums answer = sums.inHours(from, to, customer, eventName);
            Optional<Duration> wait = wait(answer, attempt);
            if (wait.isEmpty() || attempt == TRIES || wait.get().compareTo(LONGEST_WAIT) > 0) {
                return answer;
            }
            pause.of(wait.get());
        }
    }

    /** Empty where another attempt would come to the same. */
    private Optional<Duration> wait(HourSums answer, int attempt) {
        return switch (answer) {
            case HourSums.Untold(Answer.Transient(var cause, var detail, Optional<Duration> retryAfter)) ->
                Optional.of(RETRIES.delay(attempt, retryAfter, random));
            case HourSums.Untold(Answer.Unknown unknown) ->
                Optional.of(RETRIES.delay(attempt, Optional.empty(), random));
            case HourSums.Untold(Answer forGood) -> Optional.empty();
            case HourSums.Of(var told) -> Optional.empty();
        };
    }

    /** As {@link StripeSums#inMinuteOf}, once. */
    MinuteSum inMinuteOf(Instant at, String customer, String eventName) throws InterruptedException {
        reads.asBlocking().consume(1);
        return sums.inMinuteOf(at, customer, eventName);
    }
}
