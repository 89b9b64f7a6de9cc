package dev.tally.streams.app;

import dev.tally.schemas.serde.RegistryUnavailableException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What follows when a stream thread dies: another takes its place after a growing pause; a process whose threads keep dying stops, so that
 * whoever runs it sees it. A schema registry that is away is waited for.
 */
final class StreamsFailures implements StreamsUncaughtExceptionHandler {

    private static final Logger log = LoggerFactory.getLogger(StreamsFailures.class);
    private static final int MOST = 30;
    private static final Duration WITHIN = Duration.ofMinutes(10);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);

    private final InstantSource clock;
    private final Consumer<Duration> pause;
    private final Deque<Instant> failures = new ArrayDeque<>();

    /** @param pause lets the dying thread wait; nothing else waits */
    StreamsFailures(InstantSource clock, Consumer<Duration> pause) {
        this.clock = clock;
        this.pause = pause;
    }

    @Override
    public StreamThreadExceptionResponse handle(Throwable failure) {
        Optional<RegistryUnavailableException> registry = registryUnavailable(failure);
        if (registry.isPresent()) {
            log.atWarn()
                    .addKeyValue("reason", registry.get().getMessage())
                    .addKeyValue("pause", LONGEST_PAUSE)
                    .log("Waiting for the schema registry");
            pause.accept(LONGEST_PAUSE);
            return StreamThreadExceptionResponse.REPLACE_THREAD;
        }
        int recent = remember(clock.instant());
        if (recent > MOST) {
            log.atError()
                    .setCause(failure)
                    .addKeyValue("failures", recent)
                    .addKeyValue("within", WITHIN)
                    .log("Stream threads keep failing: stopping this process");
            return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        }
        Duration before = pauseAfter(recent);
        log.atError()
                .setCause(failure)
                .addKeyValue("failures", recent)
                .addKeyValue("pause", before)
                .log("A stream thread failed: replacing it after a pause");
        pause.accept(before);
        return StreamThreadExceptionResponse.REPLACE_THREAD;
    }

    /** However long the registry is away, a new process could do no more than wait for it. */
    private static Optional<RegistryUnavailableException> registryUnavailable(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof RegistryUnavailableException unavailable) {
                return Optional.of(unavailable);
            }
        }
        return Optional.empty();
    }

    private synchronized int remember(Instant now) {
        failures.addLast(now);
        while (failures.peekFirst() != null && failures.peekFirst().isBefore(now.minus(WITHIN))) {
            failures.removeFirst();
        }
        return failures.size();
    }

    private static Duration pauseAfter(int recent) {
        Duration pause = Duration.ofMillis(200L << Math.min(recent - 1, 6));
        return pause.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause;
    }
}
