package dev.tally.sink.delivery;

import dev.tally.sink.reporting.RetryRule;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds every call back while Stripe refuses the whole account (a wrong key, a missing permission), and while it does not answer at all.
 * One call at a time probes it; the first answer opens the gate for all.
 *
 * <p>During an outage each call that gets no answer leaves a fact of unknown outcome behind. So after a few in a row none is made but the
 * probes.
 */
public final class StripeGate {
    private static final Logger log = LoggerFactory.getLogger(StripeGate.class);

    /** Failures in a row, of calls for whichever facts, that are taken for an outage. */
    static final int OUTAGE_AFTER = 10;

    private final InstantSource clock;
    private final DeliveryStatus status;
    private final RetryRule retryRule;
    private final RandomGenerator random;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private @Nullable Instant probeAt;
    private boolean probing;
    private int failures;

    /**
     * An open gate.
     *
     * @param status tells whether it is open
     * @param retryRule says how long probes of an outage are apart
     */
    public StripeGate(InstantSource clock, DeliveryStatus status, RetryRule retryRule, RandomGenerator random) {
        this.clock = clock;
        this.status = status;
        this.retryRule = retryRule;
        this.random = random;
        status.halted(Optional.empty());
        status.away(false);
    }

    /** Returns when a call may be made: at once while the gate is open, else as the one probe, which it tells by true. */
    public boolean await() throws InterruptedException {
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
                    return true;
                }
            }
            return false;
        } finally {
            lock.unlock();
        }
    }

    boolean isOpen() {
        lock.lock();
        try {
            return probeAt == null;
        } finally {
            lock.unlock();
        }
    }

    /** Called after an answer by which Stripe takes nothing for the account; {@code delay} later one call probes. */
    public void halt(String reason, Duration delay) {
        lock.lock();
        try {
            close(delay);
            failures = 0;
            status.halted(Optional.of(reason));
            status.away(false);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Called after a call that got no answer of Stripe's.
     *
     * @param probe whether it was the probe: others that had begun before say nothing new
     */
    void unanswered(boolean probe) {
        lock.lock();
        try {
            if (!probe && probeAt != null) {
                return;
            }
            failures++;
            if (failures >= OUTAGE_AFTER) {
                Duration delay = retryRule.delay(failures - OUTAGE_AFTER + 1, Optional.empty(), random);
                close(delay);
                if (status.away(true)) {
                    log.atWarn()
                            .addKeyValue("failures", failures)
                            .log("Stripe does not answer; nothing is sent but probes until it does");
                }
            } else if (probe) {
                // After a halt: the account is not known to be well, and an outage is not known either.
                close(retryRule.delay(failures, Optional.empty(), random));
            }
        } finally {
            lock.unlock();
        }
    }

    private void close(Duration delay) {
        probeAt = clock.instant().plus(delay);
        probing = false;
        changed.signalAll();
    }

    /** Called after any answer of Stripe's that is not a halt. */
    public void answered() {
        lock.lock();
        try {
            probing = false;
            failures = 0;
            if (probeAt != null) {
                probeAt = null;
                status.halted(Optional.empty());
                if (status.away(false)) {
                    log.atInfo().log("Stripe answers again");
                }
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Called by a caller that did not use its turn. */
    public void unused(boolean probe) {
        if (probe) {
            lock.lock();
            try {
                probing = false;
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }
}
