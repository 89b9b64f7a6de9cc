package dev.tally.sink.delivery;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Holds every call back while Stripe refuses the whole account (a wrong key, a missing permission). One call at a time
 * probes it; the first answer that is not a halt opens the gate for all.
 */
final class AccountGate {
    private final InstantSource clock;
    private final DeliveryStatus status;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private @Nullable Instant probeAt;
    private boolean probing;

    AccountGate(InstantSource clock, DeliveryStatus status) {
        this.clock = clock;
        this.status = status;
        status.halted(Optional.empty());
    }

    /** Returns when a call may be made: at once while the gate is open, else as the one probe. */
    void await() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            for (Instant until = probeAt; until != null; until = probeAt) {
                Duration wait = Duration.between(clock.instant(), until);
                if (probing) {
                    changed.await();
                } else if (wait.isPositive()) {
                    var unused = changed.await(wait.toNanos(), TimeUnit.NANOSECONDS);
                } else {
                    probing = true;
                    return;
                }
            }
        } finally {
            lock.unlock();
        }
    }

    void halt(String reason, Duration delay) {
        lock.lock();
        try {
            probeAt = clock.instant().plus(delay);
            probing = false;
            status.halted(Optional.of(reason));
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Called after any answer that is not a halt, and by a caller that did not use its turn ({@code answered} false). */
    void passed(boolean answered) {
        lock.lock();
        try {
            probing = false;
            if (answered && probeAt != null) {
                probeAt = null;
                status.halted(Optional.empty());
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
