package dev.tally.streams.http;

import dev.tally.streams.http.auth.Caller;
import io.javalin.http.Context;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Whom the log is read for now. It is read as fast as it can be, whoever's records are looked for, which is not what the process is for:
 * so there are few places. Nobody has all of them; a caller whose token is narrowed to a subject has one, and all such callers together
 * never have all.
 */
final class LogPlaces {

    private final String what;
    private final int all;
    private final int ofOne;
    private final Duration patience;
    private final Duration retryAfter;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition left = lock.newCondition();
    private final Map<String, Integer> takenBy = new HashMap<>();
    private int taken;
    private int takenByNarrowed;

    /**
     * Places that are free.
     *
     * @param what what they are for, such as "export"
     * @param all how many there are, 2 or more
     * @param ofOne how many a single caller may have whose token is not narrowed, less than all
     * @param patience how long others wait for one before they are refused
     * @param retryAfter when those are to ask again
     */
    LogPlaces(String what, int all, int ofOne, Duration patience, Duration retryAfter) {
        this.what = what;
        this.all = all;
        this.ofOne = ofOne;
        this.patience = patience;
        this.retryAfter = retryAfter;
    }

    /** Answers a request on a thread that may wait, once there is a place for its caller. */
    void on(Context context, Runnable answer) {
        Caller caller = Guard.caller(context);
        Waiting.on(context, () -> {
            if (enter(context, caller)) {
                try {
                    answer.run();
                } finally {
                    leave(caller);
                }
            }
        });
    }

    /** Takes a place, to be left again; where there is none, the answer has been written. */
    boolean enter(Context context, Caller caller) {
        Optional<String> refused = enter(caller);
        refused.ifPresent(why -> Reply.notReady(context, why, retryAfter));
        return refused.isEmpty();
    }

    /** Takes a place, to be left again; or why there is none. */
    Optional<String> enter(Caller caller) {
        long nanos = patience.toNanos();
        lock.lock();
        try {
            Optional<String> refused = refusal(caller);
            while (refused.isPresent() && nanos > 0) {
                nanos = left.awaitNanos(nanos);
                refused = refusal(caller);
            }
            if (refused.isEmpty()) {
                take(caller);
            }
            return refused;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.of("stopping");
        } finally {
            lock.unlock();
        }
    }

    private Optional<String> refusal(Caller caller) {
        if (taken == all) {
            return Optional.of("as many as read the log at once do so here: " + all);
        }
        if (takenBy.getOrDefault(caller.key(), 0) >= (caller.isNarrowed() ? 1 : ofOne) && isKnown(caller)) {
            return Optional.of(what + " for the same caller is running here");
        }
        if (caller.isNarrowed() && takenByNarrowed == all - 1) {
            return Optional.of(what + " for another token of one user or org is running here");
        }
        return Optional.empty();
    }

    private void take(Caller caller) {
        taken++;
        takenByNarrowed += caller.isNarrowed() ? 1 : 0;
        takenBy.merge(caller.key(), 1, Integer::sum);
    }

    void leave(Caller caller) {
        lock.lock();
        try {
            takenBy.computeIfPresent(caller.key(), (key, places) -> places == 1 ? null : places - 1);
            taken--;
            takenByNarrowed -= caller.isNarrowed() ? 1 : 0;
            left.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Where nobody is asked for a token nobody is told apart. */
    private static boolean isKnown(Caller caller) {
        return !caller.equals(Caller.ANYBODY);
    }
}
