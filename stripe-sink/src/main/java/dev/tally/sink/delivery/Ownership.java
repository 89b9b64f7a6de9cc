package dev.tally.sink.delivery;

import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** Whether calls may still be started for a partition, and whether some are running. Safe for use by many threads. */
public final class Ownership {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition quiet = lock.newCondition();
    private boolean owned = true;
    private int sending;

    /** Returns false when the partition was given up: nothing of it may be sent any more. */
    public boolean beginSending() {
        lock.lock();
        try {
            if (owned) {
                sending++;
            }
            return owned;
        } finally {
            lock.unlock();
        }
    }

    /** Ends what a {@link #beginSending} that returned true has begun. */
    public void endSending() {
        lock.lock();
        try {
            sending--;
            if (sending == 0) {
                quiet.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Whether the partition was not given up. */
    public boolean isOwned() {
        lock.lock();
        try {
            return owned;
        } finally {
            lock.unlock();
        }
    }

    /** No call to Stripe is started for this partition from here on. */
    public void giveUp() {
        lock.lock();
        try {
            owned = false;
        } finally {
            lock.unlock();
        }
    }

    /** Waits for running calls; false when some still run after {@code longest}. */
    public boolean awaitQuiet(Duration longest) throws InterruptedException {
        long nanos = longest.toNanos();
        lock.lock();
        try {
            while (sending > 0 && nanos > 0) {
                nanos = quiet.awaitNanos(nanos);
            }
            return sending == 0;
        } finally {
            lock.unlock();
        }
    }
}
