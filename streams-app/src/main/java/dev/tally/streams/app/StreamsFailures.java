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
 * whoever runs it sees it. Where the schema registry is away the topology stops as a whole, to be started once it is back: threads that came
 * back one by one could count actions by a catalogue that others have yet to read.
 */
final class StreamsFailures implements StreamsUncaughtExceptionHandler {

    private static final Logger log = LoggerFactory.getLogger(StreamsFailures.class);
    private static final int MOST = 30;
    private static final Duration WITHIN = Duration.ofMinutes(10);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);

    private final InstantSource clock;
    private final Consumer<Duration> pause;
    private volatile boolean registryAway;
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
                    .log("The schema registry is away: stopping until it is back");
            registryAway = true;
            return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
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

    private static Optional<RegistryUnavailableException> registryUnavailable(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof RegistryUnavailableException unavailable) {
                return Optional.of(unavailable);
            }
        }
        return Optional.empty();
    }

    /** Whether the topology stopped because the schema registry was away. */
    boolean isRegistryAway() {
        return registryAway;
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
