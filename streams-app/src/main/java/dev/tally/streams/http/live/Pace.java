package dev.tally.streams.http.live;

import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waiting for a time to come, whoever wakes the thread meanwhile. */
final class Pace {

    private Pace() {}

    /** Returns at a time, as {@link System#nanoTime} has it, or earlier where it has ended or the thread was interrupted. */
    static void awaitTime(Object blocker, long nanos, BooleanSupplier ended) {
        for (long left = nanos - System.nanoTime();
                left > 0 && !ended.getAsBoolean() && !Thread.currentThread().isInterrupted();
                left = nanos - System.nanoTime()) {
            LockSupport.parkNanos(blocker, left);
        }
    }
}
