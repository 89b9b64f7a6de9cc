package dev.tally.streams.http.live;

import dev.tally.streams.query.Answer;
import dev.tally.streams.query.Usage;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What listeners have been told about one subject and meter, and what an answer adds to it. What is told never goes back within a window:
 * counts show before they are committed, so that after a crash an answer can be lower until the aborted records have been read again. Such
 * an answer is held back; the figures told before stay, now as stale.
 *
 * <p>An answer that stays lower for {@link LiveTimes#disbelief} without being stale is no catching up: an event was read again under another
 * definition of its meter. It is then believed, since what is shown must be what is counted.
 */
final class Told {

    private static final long NEVER = Long.MIN_VALUE;

    private final long disbeliefNanos;
    private @Nullable Reading last;
    private @Nullable String awayBecause;
    private long lowerSince = NEVER;

    Told(Duration disbelief) {
        this.disbeliefNanos = disbelief.toNanos();
    }

    /** What an answer means to listeners. */
    sealed interface Step {

        /** There is something new to tell. */
        record Tell(Reading reading) implements Step {}

        /** Nothing has changed. */
        record Nothing() implements Step {}

        /** From now on nobody can answer. */
        record Away(String reason) implements Step {}

        /** There is nothing to follow any more. */
        record Gone() implements Step {}
    }

    /** Takes an answer, at a time in nanoseconds of any clock that does not go back. */
    Step take(Answer<Usage> answer, long now) {
        return switch (answer) {
            case Answer.Found<Usage>(Usage usage, boolean stale) -> found(new Reading(usage, stale), now);
            case Answer.FromStandby<Usage>(Usage usage, long ignored) -> found(new Reading(usage, true), now);
            case Answer.NotReady<Usage> notReady -> away(notReady.reason());
            case Answer.Absent<Usage> ignored -> new Step.Gone();
            case Answer.OutOfRetention<Usage> ignored -> new Step.Gone();
        };
    }

    private Step away(String reason) {
        boolean known = awayBecause != null;
        awayBecause = reason;
        lowerSince = NEVER;
        return known ? new Step.Nothing() : new Step.Away(reason);
    }

    private Step found(Reading reading, long now) {
        Reading before = last;
        if (before == null || !reading.seen().isBehind(before.seen())) {
            lowerSince = NEVER;
            return tell(reading);
        }
        if (reading.stale()) {
            lowerSince = NEVER;
        } else if (lowerSince == NEVER) {
            lowerSince = now;
        } else if (now - lowerSince >= disbeliefNanos) {
            lowerSince = NEVER;
            return tell(reading);
        }
        return tell(before.asStale());
    }

    private Step tell(Reading reading) {
        boolean same = awayBecause == null && reading.equals(last);
        last = reading;
        awayBecause = null;
        return same ? new Step.Nothing() : new Step.Tell(reading);
    }

    /** What was told last; null before the first answer and while there is none. */
    @Nullable
    Reading current() {
        return awayBecause == null ? last : null;
    }

    /** Why nobody can answer; null when somebody can. */
    @Nullable
    String awayBecause() {
        return awayBecause;
    }

    /** Whether it is worth while asking again soon: there is no answer, or it is behind. */
    boolean isUnsettled() {
        return awayBecause != null || last == null || last.stale() || lowerSince != NEVER;
    }
}
