package dev.tally.cli.oracle;

import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/** Lets the scenario wait for what the sink does, without asking all the time. */
final class Progress {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private int attempts;
    private int settled;

    void attempted() {
        lock.lock();
        try {
            attempts++;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    void settled() {
        lock.lock();
        try {
            settled++;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    void somethingElse() {
        lock.lock();
        try {
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    int attempts() {
        lock.lock();
        try {
            return attempts;
        } finally {
            lock.unlock();
        }
    }

    int settledCount() {
        lock.lock();
        try {
            return settled;
        } finally {
            lock.unlock();
        }
    }

    /** Waits until {@code condition} holds, but only so long: what a scenario waits for may never come, and it then goes on. */
    void await(BooleanSupplier condition, Duration longest) throws InterruptedException {
        long nanos = longest.toNanos();
        lock.lock();
        try {
            while (!condition.getAsBoolean() && nanos > 0) {
                nanos = changed.awaitNanos(nanos);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Blocks the caller until {@code condition} holds. */
    void block(BooleanSupplier condition) {
        lock.lock();
        try {
            while (!condition.getAsBoolean()) {
                changed.awaitUninterruptibly();
            }
        } finally {
            lock.unlock();
        }
    }
}
