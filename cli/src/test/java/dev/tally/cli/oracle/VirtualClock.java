package dev.tally.cli.oracle;

import dev.tally.clock.TestClock;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * One clock for all of a scenario: it runs on with the machine's, and the scenario moves it ahead. A call to Stripe never takes hours:
 * time is not moved while one is under way, nor between a sender's last look at the clock and its call.
 */
final class VirtualClock implements InstantSource {
    static final Instant START = Instant.parse("2026-11-21T12:00:00Z");

    private final long startedAt = System.nanoTime();
    private final ReentrantReadWriteLock calls = new ReentrantReadWriteLock();
    private final ThreadLocal<Duration> seen = ThreadLocal.withInitial(() -> Duration.ZERO);
    private final Optional<Path> file;
    private volatile Duration ahead = Duration.ZERO;

    VirtualClock() {
        file = Optional.empty();
    }

    /** @param file shows the time to whoever goes by a test clock of that file */
    VirtualClock(Path file) {
        this.file = Optional.of(file);
        show();
    }

    @Override
    public Instant instant() {
        Duration jumped = ahead;
        seen.set(jumped);
        return at(jumped);
    }

    private Instant at(Duration jumped) {
        return START.plusNanos(System.nanoTime() - startedAt).plus(jumped);
    }

    void jump(Duration time) {
        calls.writeLock().lock();
        try {
            ahead = ahead.plus(time);
            show();
        } finally {
            calls.writeLock().unlock();
        }
    }

    private void show() {
        file.ifPresent(shown -> {
            try {
                TestClock.set(shown, at(ahead));
            } catch (IOException failure) {
                throw new UncheckedIOException(failure);
            }
        });
    }

    /** How far it was moved in all. */
    Duration jumped() {
        return ahead;
    }

    /** A call that time must not be moved in. */
    @FunctionalInterface
    interface Call<T> {
        T make() throws InterruptedException;
    }

    /** Makes a call; {@code late} instead where time was moved since this thread looked at the clock. */
    <T> T call(Call<T> call, T late) throws InterruptedException {
        calls.readLock().lock();
        try {
            return seen.get().equals(ahead) ? call.make() : late;
        } finally {
            calls.readLock().unlock();
        }
    }
}
