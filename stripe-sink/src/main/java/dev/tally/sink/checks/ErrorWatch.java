package dev.tally.sink.checks;

import dev.tally.sink.delivery.AsyncErrors;
import dev.tally.sink.reporting.ErrorReading;
import dev.tally.sink.reporting.ErrorReport;
import dev.tally.sink.reporting.RetryRule;
import dev.tally.sink.stripe.StripeErrors;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks Stripe again and again for reports of events that it took and did not count, and hands them to the delivery.
 *
 * <p>It begins with all that Stripe still has (30 days): which of them were handled before, the ledger tells, whoever owned the partition
 * then. From there on it asks for what is new, and for an hour before it, since reports may show late.
 */
public final class ErrorWatch implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ErrorWatch.class);
    private static final Duration KEPT_BY_STRIPE = Duration.ofDays(30);
    private static final Duration OVERLAP = Duration.ofHours(1);

    private final StripeErrors stripe;
    private final AsyncErrors errors;
    private final Duration interval;
    private final RetryRule retryRule;
    private final Consumer<List<ErrorReport>> told;
    private final InstantSource clock;
    private final RandomGenerator random;
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final Thread thread = new Thread(this::run, "error-watch");
    private final Map<String, Instant> seen = new HashMap<>();
    private Optional<Instant> askedUntil = Optional.empty();
    private int failures;

    /**
     * A watch that does nothing before {@link #start}.
     *
     * @param interval from answer to question
     * @param retryRule waits where there is no answer
     * @param told hears each report once, from the watch's own thread
     */
    public ErrorWatch(
            StripeErrors stripe,
            AsyncErrors errors,
            Duration interval,
            RetryRule retryRule,
            Consumer<List<ErrorReport>> told,
            InstantSource clock,
            RandomGenerator random) {
        this.stripe = stripe;
        this.errors = errors;
        this.interval = interval;
        this.retryRule = retryRule;
        this.told = told;
        this.clock = clock;
        this.random = random;
    }

    /** Begins to ask, in a thread of its own. */
    public void start() {
        thread.setDaemon(true);
        thread.start();
    }

    private void run() {
        try {
            Duration pause = Duration.ZERO;
            while (!stopped.await(pause.toNanos(), TimeUnit.NANOSECONDS)) {
                pause = ask();
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Asks once and says how long to wait before the next question. */
    Duration ask() throws InterruptedException {
        Instant now = clock.instant();
        Instant oldest = askedUntil.map(until -> until.minus(OVERLAP)).orElse(now.minus(KEPT_BY_STRIPE));
        return switch (stripe.since(oldest)) {
            case ErrorReading.Told(List<ErrorReport> reports) -> {
                failures = 0;
                askedUntil = Optional.of(now);
                take(reports, now);
                yield interval;
            }
            case ErrorReading.Untold(var answer) -> {
                failures = Math.min(failures, Integer.MAX_VALUE - 1) + 1;
                if (failures == 1) {
                    log.atWarn()
                            .addKeyValue("reason", answer)
                            .log("Stripe does not tell its error reports; it is asked again");
                }
                yield retryRule.delay(failures, Optional.of(interval), random);
            }
        };
    }

    private void take(List<ErrorReport> reports, Instant now) {
        seen.values()
                .removeIf(created -> created.isBefore(now.minus(KEPT_BY_STRIPE).minus(OVERLAP)));
        List<ErrorReport> fresh = reports.stream()
                .filter(report -> seen.putIfAbsent(report.id(), report.created()) == null)
                .toList();
        if (!fresh.isEmpty()) {
            log.atWarn()
                    .addKeyValue("reports", fresh.size())
                    .addKeyValue(
                            "errors",
                            fresh.stream().mapToLong(ErrorReport::errors).sum())
                    .log("Stripe reports meter events that it took and does not count");
            errors.add(fresh, now);
            told.accept(fresh);
        }
    }

    /** Ends the thread. */
    @Override
    public void close() {
        stopped.countDown();
        thread.interrupt();
    }
}
