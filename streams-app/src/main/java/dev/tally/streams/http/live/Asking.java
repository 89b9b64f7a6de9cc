package dev.tally.streams.http.live;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;

/**
 * When one subject and meter is asked about: no more than one question at a time, no faster than its events may follow each other, and again
 * from time to time where nothing is noticed. Times are nanoseconds of any clock that does not go back.
 *
 * <p>The pace is that of events. A question that had nothing to tell does not use it up: an action is noticed twice, when it is counted and
 * when its account has changed, and the next one is not to wait for the second. But the more questions in a row are in vain, the later comes
 * the next.
 *
 * <p>Belongs to the hub's thread, but for {@link #isWanted} and {@link #begin}.
 */
final class Asking {

    /** A question in vain delays the next by this part of the pace, the second in a row by two, and so on. */
    private static final int QUESTIONS_PER_EVENT = 5;

    /** Questions in vain that lie further apart than so many times the pace, as those without a notice do, delay nothing. */
    private static final int APART = 2;

    /** At least this part of the usual time passes before it is asked again without a notice. */
    private static final double LEAST_PATIENCE = 0.75;

    private static final long NOT_BEGUN = Long.MIN_VALUE;

    private final LiveTimes times;
    private final RandomGenerator random;

    /** How often it was asked: an answer to another question than the last is of no account. */
    private final AtomicInteger number = new AtomicInteger();

    /** When the question that is under way came to be asked, after waiting for its turn. Set by who asks it. */
    private volatile long begun = NOT_BEGUN;

    private long askedAt;
    private boolean underway;

    /** What part of the usual time passes before it is asked again without a notice: not the same for all, else all are asked at once. */
    private double patience = 1;

    private int inVain;
    private boolean hasTold;
    private long toldAt;

    /** A change was noticed while a question was under way that may not have seen it. */
    private boolean again;

    private boolean due;
    private long dueAt;

    Asking(LiveTimes times, RandomGenerator random) {
        this.times = times;
        this.random = random;
    }

    /** What a wish to ask leads to. */
    enum Next {
        /** It is to be asked now. */
        ASK,
        /** It is to be asked at {@link #dueAt}. */
        LATER,
        /** It is to be asked at {@link #dueAt}, which is before it was to be. */
        SOONER,
        /** It will be asked anyway: it is due by then, or is asked again once the question under way is answered. */
        KNOWN
    }

    /** Takes the wish to ask at some time, or as soon after it as the pace allows. */
    Next request(long at, long now) {
        if (underway) {
            again = true;
            return Next.KNOWN;
        }
        long earliest = paced(at);
        if (earliest - now <= 0) {
            return Next.ASK;
        }
        if (due && dueAt - earliest <= 0) {
            return Next.KNOWN;
        }
        dueAt = earliest;
        if (due) {
            return Next.SOONER;
        }
        due = true;
        return Next.LATER;
    }

    private long paced(long at) {
        long earliest = at;
        if (number.get() > 0) {
            int parts = Math.clamp(inVain, 1, QUESTIONS_PER_EVENT);
            earliest = later(earliest, askedAt + parts * times.pace().toNanos() / QUESTIONS_PER_EVENT);
        }
        if (hasTold) {
            earliest = later(earliest, toldAt + times.pace().toNanos());
        }
        return earliest;
    }

    private static long later(long one, long other) {
        return one - other >= 0 ? one : other;
    }

    /** When it is to be asked, after {@link Next#LATER} or {@link Next#SOONER}. */
    long dueAt() {
        return dueAt;
    }

    /** The time at which it was due has come. */
    void noLongerDue() {
        due = false;
    }

    /** Asks now; the number of the question. */
    int ask(long now) {
        if (now - askedAt >= APART * times.pace().toNanos()) {
            inVain = 0;
        }
        askedAt = now;
        underway = true;
        again = false;
        patience = LEAST_PATIENCE + (1 - LEAST_PATIENCE) * random.nextDouble();
        begun = NOT_BEGUN;
        return number.incrementAndGet();
    }

    /** Whether the answer to a question is still wanted. By any thread. */
    boolean isWanted(int question) {
        return number.get() == question;
    }

    /** The question that is under way has come to its turn. By who asks it. */
    void begin(long now) {
        begun = now;
    }

    /**
     * It is answered.
     *
     * @param tells whether there is something new to tell
     */
    void answered(boolean tells, long now) {
        underway = false;
        if (tells) {
            inVain = 0;
            hasTold = true;
            toldAt = now;
        } else {
            inVain++;
        }
    }

    /** Whether a change was noticed while the question just answered was under way. */
    boolean isToBeAskedAgain() {
        return again;
    }

    /**
     * Whether it is to be asked again without a notice.
     *
     * @param unsettled whether there is no answer yet, or one that is behind
     */
    boolean isOverdue(boolean unsettled, long now) {
        if (underway) {
            // A question that waits for its turn is not lost: another one would wait behind it.
            long since = begun;
            return since != NOT_BEGUN && now - since >= times.lost().toNanos();
        }
        Duration every = unsettled ? times.retry() : times.recheck();
        return now - askedAt >= every.toNanos() * patience;
    }

    /** No answer is wanted any more. */
    void forget() {
        number.incrementAndGet();
    }
}
