package dev.tally.sink.alerts.channels;

import dev.tally.sink.alerts.Attempt;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Gives whole calls one deadline, from the look-up of the name to the end of the answer: the time-outs of sockets count each read anew. */
final class Deadline implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Deadline.class);

    private final Duration longest;
    private final ExecutorService calls = Executors.newVirtualThreadPerTaskExecutor();

    Deadline(Duration longest) {
        this.longest = longest;
    }

    /** Makes the call; where it takes too long or the caller is interrupted, {@code abort} breaks what it is doing. */
    <T> T call(Callable<T> call, Runnable abort) throws ExecutionException, TimeoutException, InterruptedException {
        Future<T> running = calls.submit(call);
        try {
            return running.get(longest.toNanos(), TimeUnit.NANOSECONDS);
        } finally {
            if (!running.isDone()) {
                abort.run();
                running.cancel(true);
            }
        }
    }

    /** A fault of ours or of a library: the alert is tried again as after any failure, and nothing else is held up by it. */
    static Attempt unexpected(Throwable cause) {
        if (cause instanceof Error error) {
            throw error;
        }
        log.atError().setCause(cause).log("An attempt failed in a way it must not");
        return new Attempt.Failed("unexpected", cause.getClass().getSimpleName());
    }

    @Override
    public void close() {
        calls.shutdownNow();
    }
}
