package dev.tally.cli.oracle;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * At which place an instance is to end, and how; at first nowhere. Set by the scenario, met by the instance's threads.
 *
 * @param <P> the named places
 */
final class Doom<P extends Enum<P>> {
    /** How an instance ends at a crash point. */
    enum End {
        /** Nothing is finished: what was not durable is gone. */
        KILLED,
        /** It stands still as a suspended process does, its calls running on, until it is woken up. */
        FROZEN
    }

    private final AtomicInteger passes = new AtomicInteger();
    private volatile P point;
    private volatile int at;
    private volatile End end = End.KILLED;
    private volatile boolean met;

    /** It ends when it passes {@code fatal} for the {@code nth} time from here on. */
    void set(P fatal, int nth, End how) {
        point = null;
        passes.set(0);
        at = nth;
        end = how;
        point = fatal;
    }

    /** It is to end nowhere, unless it has. */
    void lift() {
        point = null;
    }

    /** Whether it ends here and now; once at most. */
    boolean isMetAt(P reached) {
        if (met || !reached.equals(point) || passes.incrementAndGet() != at) {
            return false;
        }
        met = true;
        return true;
    }

    /** Whether it has ended. */
    boolean isMet() {
        return met;
    }

    End end() {
        return end;
    }
}
