package dev.tally.sink.delivery;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.RetriableException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the delivery alive: when a life of it ends by a failure, the next one starts after a growing pause, from what is
 * committed. A broker or registry that is away is waited for without end; other failures in a row end the process, so
 * that its supervisor starts it afresh.
 */
public final class DeliveryRunner {
    private static final Logger log = LoggerFactory.getLogger(DeliveryRunner.class);
    private static final int MAX_FAILURES_IN_A_ROW = 8;
    private static final Duration HEALTHY_LIFE = Duration.ofMinutes(5);
    private static final Duration FIRST_PAUSE = Duration.ofMillis(500);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

    private final DeliverySettings settings;
    private final Collaborators with;
    private final Runnable gaveUp;
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final AtomicReference<@Nullable DeliveryLoop> current = new AtomicReference<>();
    private final Thread thread;

    private DeliveryRunner(DeliverySettings settings, Collaborators with, Runnable gaveUp) {
        this.settings = settings;
        this.with = with;
        this.gaveUp = gaveUp;
        this.thread = new Thread(this::run, "delivery");
    }

    /** Starts to deliver in a thread of its own; {@code gaveUp} is called there when it failed too often in a row. */
    public static DeliveryRunner start(DeliverySettings settings, Collaborators with, Runnable gaveUp) {
        DeliveryRunner runner = new DeliveryRunner(settings, with, gaveUp);
        runner.thread.start();
        return runner;
    }

    private void run() {
        int failures = 0;
        int pauses = 0;
        while (stopped.getCount() > 0) {
            Instant startedAt = with.clock().instant();
            try {
                DeliveryLoop loop = new DeliveryLoop(settings, with);
                current.set(loop);
                if (stopped.getCount() == 0) {
                    loop.stop();
                }
                loop.run();
                return;
            } catch (InterruptedException interrupted) {
                log.atWarn().log("Delivery was interrupted and ends");
                return;
            } catch (RuntimeException failure) {
                boolean healthy =
                        startedAt.plus(HEALTHY_LIFE).isBefore(with.clock().instant());
                pauses = healthy ? 1 : pauses + 1;
                failures = healthy ? 0 : failures;
                failures += waitsForOthers(failure) ? 0 : 1;
                with.status().notReady("delivery failed and starts again: " + failure);
                if (failures > MAX_FAILURES_IN_A_ROW) {
                    log.atError()
                            .setCause(failure)
                            .addKeyValue("failures", failures)
                            .log("Delivery failed too often");
                    gaveUp.run();
                    return;
                }
                Duration pause = pause(pauses);
                log.atError().setCause(failure).addKeyValue("delay", pause).log("Delivery failed and starts again");
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
                || failure instanceof org.apache.kafka.clients.consumer.CommitFailedException
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

    /** Stops sending, commits what is done and leaves the group; waits for it at most half a minute. */
    public void stop() throws InterruptedException {
        stopped.countDown();
        DeliveryLoop loop = current.get();
        if (loop != null) {
            loop.stop();
        }
        thread.join(Duration.ofSeconds(30));
    }
}
