package dev.tally.streams.http.live;

import dev.tally.keys.Subject;
import dev.tally.streams.query.Changes;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** The subjects that one other instance watches here, and those of them that have changed. One thread takes from it. */
public final class ChangeStream implements AutoCloseable {

    private static final byte[] NOTHING = {'\n'};

    /** A subject that changes all the time is named so often at most; the first time at once. */
    private static final long PACE_NANOS = Duration.ofMillis(20).toNanos();

    private final Changes changes;
    private final BooleanSupplier current;
    private final Runnable ending;
    private final Map<Subject, Watched> watched = new ConcurrentHashMap<>();
    private final ConcurrentLinkedQueue<Watched> changed = new ConcurrentLinkedQueue<>();
    private volatile @Nullable Thread reader;
    private volatile boolean closed;
    private long saidAt = System.nanoTime() - PACE_NANOS;

    /**
     * A stream that watches nothing yet.
     *
     * @param current whether the changes are still those of this instance
     * @param ending run when it is closed
     */
    ChangeStream(Changes changes, BooleanSupplier current, Runnable ending) {
        this.changes = changes;
        this.current = current;
        this.ending = ending;
    }

    private final class Watched {
        private final String line;
        private final AtomicBoolean noticed = new AtomicBoolean();
        private Runnable unwatch = () -> {};

        Watched(Subject subject) {
            line = subject.text() + "\n";
        }

        void notice() {
            if (!noticed.get() && noticed.compareAndSet(false, true)) {
                changed.add(this);
                LockSupport.unpark(reader);
            }
        }
    }

    void watch(Subject subject) {
        watched.computeIfAbsent(subject, any -> {
            Watched one = new Watched(subject);
            one.unwatch = changes.watch(subject, one::notice);
            return one;
        });
        if (closed) {
            unwatch(subject);
        }
    }

    void unwatch(Subject subject) {
        Watched one = watched.remove(subject);
        if (one != null) {
            one.unwatch.run();
        }
    }

    /**
     * The bytes to write and flush next, waiting for them: the subjects that have changed, one a line, or an empty line.
     *
     * @return empty at the end
     */
    public byte[] next() {
        reader = Thread.currentThread();
        Pace.awaitTime(this, saidAt + PACE_NANOS, () -> closed);
        long until = System.nanoTime() + ChangeStreams.BEAT.toNanos();
        while (!closed && changed.isEmpty() && until - System.nanoTime() > 0) {
            LockSupport.parkNanos(this, until - System.nanoTime());
            if (Thread.currentThread().isInterrupted()) {
                return new byte[0];
            }
        }
        if (closed || Thread.currentThread().isInterrupted() || !current.getAsBoolean()) {
            return new byte[0];
        }
        List<Watched> named = new ArrayList<>();
        for (Watched one = changed.poll(); one != null; one = changed.poll()) {
            named.add(one);
        }
        StringBuilder lines = new StringBuilder();
        for (Watched one : named) {
            // What changes from here on is named again; if it were already above, what changes all the time would have
            // no end.
            one.noticed.set(false);
            lines.append(one.line);
        }
        saidAt = System.nanoTime();
        return lines.isEmpty() ? NOTHING.clone() : lines.toString().getBytes(StandardCharsets.UTF_8);
    }

    /** To be called when the other instance is gone. */
    @Override
    public void close() {
        closed = true;
        ending.run();
        watched.keySet().forEach(this::unwatch);
        LockSupport.unpark(reader);
    }
}
