package dev.tally.streams.topology;

import dev.tally.streams.state.Freshness;
import java.time.Duration;
import java.time.Instant;
import java.util.function.BooleanSupplier;
import org.apache.kafka.streams.processor.Cancellable;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.ProcessorContext;

/**
 * Asks for a commit sooner than {@code commit.interval.ms} where others wait for what has just been processed: about every 50 ms. Where
 * the input is behind, after a stall, commits come at a quarter of that: more of what is summed up on the heap travels as one, so that
 * the input is caught up with, and the commit adds little to what a record has waited already. While an old backlog is worked off
 * nobody waits for the single record.
 */
final class EarlyCommit {

    private static final Duration LOOK_EVERY = Duration.ofMillis(25);
    private static final int ASK_EVERY = 40;

    /** Each commit costs the brokers a marker in every partition that was written to, and each subject its rows anew. */
    private static final Duration SPACING = Duration.ofMillis(50);

    private static final int PART_OF_LAG = 4;

    /** A record appended this recently is live, also where more have come since it was fetched. */
    private static final Duration LIVE = Duration.ofSeconds(2);

    /** Until then it is no backlog yet. */
    private static final Duration STALLED = Duration.ofSeconds(10);

    private final ProcessorContext<?, ?> context;
    private final BooleanSupplier caughtUp;
    private final Turns turns;
    private final Cancellable timer;
    private Instant newest = Freshness.UNKNOWN;
    private boolean pending;
    private long noted;
    private boolean live = true;
    private int looks;

    /**
     * Begins to look.
     *
     * @param caughtUp whether all input has been fetched: the end of an old backlog is live too, and so is everything where this
     *     machine's clock is ahead of the brokers'. Asked about once a second
     * @param turns shared by all tasks of the instance
     */
    EarlyCommit(ProcessorContext<?, ?> context, BooleanSupplier caughtUp, Turns turns) {
        this.context = context;
        this.caughtUp = caughtUp;
        this.turns = turns;
        timer = context.schedule(LOOK_EVERY, PunctuationType.WALL_CLOCK_TIME, now -> look(Instant.ofEpochMilli(now)));
    }

    /** What the tasks of each stream thread share: a commit is one of all tasks of a thread, whichever asks for it. */
    static final class Turns {
        private final ThreadLocal<Turn> turns = ThreadLocal.withInitial(Turn::new);
    }

    private static final class Turn {
        private Instant asked = Instant.EPOCH;
        private long number;
    }

    /** Notes that something was processed whose effect others may wait for. */
    void note(Instant appendedAt) {
        pending = true;
        noted = turns.turns.get().number;
        if (appendedAt.isAfter(newest)) {
            newest = appendedAt;
        }
    }

    /** Append time of the newest record noted; {@link Freshness#UNKNOWN} before the first. */
    Instant newest() {
        return newest;
    }

    /** Whether, at the last look, somebody waited for what was being processed. */
    boolean isLive() {
        return live;
    }

    private void look(Instant now) {
        Turn turn = turns.turns.get();
        // What another task has asked for since then commits what was noted here too.
        pending &= noted == turn.number;
        if (!pending) {
            return;
        }
        Duration behind = Duration.between(newest, now);
        live = behind.compareTo(LIVE) < 0 || (++looks % ASK_EVERY == 0 && caughtUp.getAsBoolean());
        if (!live && behind.compareTo(STALLED) >= 0) {
            return;
        }
        // A clock that was set back must not hold commits up.
        if (now.isBefore(turn.asked) || !now.isBefore(turn.asked.plus(spacing(behind)))) {
            pending = false;
            turn.asked = now;
            turn.number++;
            context.commit();
        }
    }

    private Duration spacing(Duration behind) {
        Duration part = behind.dividedBy(PART_OF_LAG);
        boolean isAllFetched = live && behind.compareTo(LIVE) >= 0;
        return isAllFetched || part.compareTo(SPACING) < 0 ? SPACING : part;
    }

    /** Ends it. A revived task keeps the timers of its former life otherwise. */
    void cancel() {
        timer.cancel();
    }
}
