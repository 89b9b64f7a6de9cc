package dev.tally.sink.delivery;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.RetriableException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a part of the sink alive: when a life of it ends by a failure, the next one starts after a growing pause, from what is
 * committed. A broker or registry that is away is waited for without end; other failures in a row end the process, so
 * that its supervisor starts it afresh.
 */
public final class LifeRunner {
    private static final Logger log = LoggerFactory.getLogger(LifeRunner.class);
    private static final int MAX_FAILURES_IN_A_ROW = 8;
    private static final Duration HEALTHY_LIFE = Duration.ofMinutes(5);
    private static final Duration FIRST_PAUSE = Duration.ofMillis(500);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

    private final String name;
    private final Supplier<Life> begin;
    private final InstantSource clock;
    private final Consumer<String> notReady;
    private final Runnable gaveUp;
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final AtomicReference<@Nullable Life> current = new AtomicReference<>();
    private final Thread thread;

    /** One life, from its start until it is stopped or fails; nothing of it is used again. */
    public interface Life {
        /** Works until {@link #stop}; throws on any failure after which this life cannot go on. */
        void run() throws InterruptedException;

        /** Asks the thread in {@link #run} to finish; returns at once. */
        void stop();
    }

    private LifeRunner(
            String name, Supplier<Life> begin, InstantSource clock, Consumer<String> notReady, Runnable gaveUp) {
        this.name = name;
        this.begin = begin;
        this.clock = clock;
        this.notReady = notReady;
        this.gaveUp = gaveUp;
        this.thread = new Thread(this::run, name);
    }

    /**
     * Starts to live in a thread of its own.
     *
     * @param name of the thread, and in what is said of it
     * @param notReady is told why nothing is done between two lives
     * @param gaveUp is called in that thread when it failed too often in a row
     */
    public static LifeRunner start(
            String name, Supplier<Life> begin, InstantSource clock, Consumer<String> notReady, Runnable gaveUp) {
        LifeRunner runner = new LifeRunner(name, begin, clock, notReady, gaveUp);
        runner.thread.start();
        return runner;
    }

    private void run() {
        int failures = 0;
        int pauses = 0;
        while (stopped.getCount() > 0) {
            Instant startedAt = clock.instant();
            try {
                Life life = begin.get();
                current.set(life);
                if (stopped.getCount() == 0) {
                    life.stop();
                }
                life.run();
                return;
            } catch (InterruptedException interrupted) {
                log.atWarn().addKeyValue("part", name).log("A part was interrupted and ends");
                return;
            } catch (RuntimeException failure) {
                boolean healthy = startedAt.plus(HEALTHY_LIFE).isBefore(clock.instant());
                pauses = healthy ? 1 : pauses + 1;
                failures = healthy ? 0 : failures;
                failures += waitsForOthers(failure) ? 0 : 1;
                notReady.accept(name + " failed and starts again: " + failure);
                if (failures > MAX_FAILURES_IN_A_ROW) {
                    log.atError()
                            .setCause(failure)
                            .addKeyValue("part", name)
                            .addKeyValue("failures", failures)
                            .log("A part failed too often");
                    gaveUp.run();
                    return;
                }
                Duration pause = pause(pauses);
                log.atError()
                        .setCause(failure)
                        .addKeyValue("part", name)
                        .addKeyValue("delay", pause)
                        .log("A part failed and starts again");
                if (awaitStop(pause)) {
                    return;
                }
            }
        }
    }

    /** Failures that end when a broker, the registry or another instance of ours has settled. */
    private static boolean waitsForOthers(RuntimeException failure) {
        return failure instanceof RetriableException
                || failure instanceof org.apache.kafka.common.errors.ProducerFencedException
                || failure instanceof org.apache.kafka.common.errors.InvalidProducerEpochException
                || (failure instanceof KafkaException && failure.getCause() instanceof RetriableException);
    }

    private static Duration pause(int pauses) {
        Duration pause = FIRST_PAUSE.multipliedBy(1L << Math.min(pauses - 1, 10));
        return pause.compareTo(LONGEST_PAUSE) < 0 ? pause : LONGEST_PAUSE;
    }

    private boolean awaitStop(Duration longest) {
        try {
            return stopped.await(longest.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return true;
        }
    }

    /** Stops the life and waits for its end, at most half a minute. */
    public void stop() throws InterruptedException {
        stopped.countDown();
        Life life = current.get();
        if (life != null) {
            life.stop();
        }
        thread.join(Duration.ofSeconds(30));
    }
}
