package dev.tally.streams.app;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What follows when a stream thread dies: another takes its place after a growing pause; a process whose threads keep dying stops, so that
 * whoever runs it sees it.
 */
final class StreamsFailures implements StreamsUncaughtExceptionHandler {

    private static final Logger log = LoggerFactory.getLogger(StreamsFailures.class);
    private static final int MOST = 30;
    private static final Duration WITHIN = Duration.ofMinutes(10);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);

    private final InstantSource clock;
    private final Deque<Instant> failures = new ArrayDeque<>();

    StreamsFailures(InstantSource clock) {
        this.clock = clock;
    }

    @Override
    public StreamThreadExceptionResponse handle(Throwable failure) {
        int recent = remember(clock.instant());
        if (recent > MOST) {
            log.atError()
                    .setCause(failure)
                    .addKeyValue("failures", recent)
                    .addKeyValue("within", WITHIN)
                    .log("Stream threads keep failing: stopping this process");
            return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        }
        Duration pause = pauseAfter(recent);
        log.atError()
                .setCause(failure)
                .addKeyValue("failures", recent)
                .addKeyValue("pause", pause)
                .log("A stream thread failed: replacing it after a pause");
        // The dying thread waits, nothing else does.
        LockSupport.parkNanos(pause.toNanos());
        return StreamThreadExceptionResponse.REPLACE_THREAD;
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
