package dev.tally.streams.query;

import java.time.Duration;
import java.time.LocalDate;
import java.util.function.Function;

/** What came of a question. Absence, age and unavailability are answers of their own, never a zero. */
public sealed interface Answer<T> {

    /**
     * The answer.
     *
     * @param stale whether it may be behind by more than {@link dev.tally.streams.state.Freshness#FRESH_WITHIN}
     */
    record Found<T>(T value, boolean stale) implements Answer<T> {}

    /**
     * The answer of a copy of the state, on a standby: as its owner had it a while ago.
     *
     * @param lag how many records of the owner's state the standby had yet to load
     */
    record FromStandby<T>(T value, long lag) implements Answer<T> {}

    /** The day asked for is older than what is kept. */
    record OutOfRetention<T>(LocalDate oldest) implements Answer<T> {}

    /** What was asked about does not exist. */
    record Absent<T>(String what) implements Answer<T> {}

    /** Nobody can answer at the moment. */
    record NotReady<T>(String reason, Duration retryAfter) implements Answer<T> {}

    /** The same answer about something else. */
    default <R> Answer<R> map(Function<? super T, ? extends R> mapping) {
        return flatMap(value -> new Found<>(mapping.apply(value), false));
    }

    /** What a further question came to that this answer led to: never fresher than this one. */
    default <R> Answer<R> flatMap(Function<? super T, Answer<R>> further) {
        return switch (this) {
            case Found<T> found -> notFresher(found.stale(), further.apply(found.value()));
            case FromStandby<T> copy -> notFresher(copy.lag(), further.apply(copy.value()));
            case OutOfRetention<T> old -> new OutOfRetention<>(old.oldest());
            case Absent<T> absent -> new Absent<>(absent.what());
            case NotReady<T> notReady -> new NotReady<>(notReady.reason(), notReady.retryAfter());
        };
    }

    private static <R> Answer<R> notFresher(boolean stale, Answer<R> answer) {
        return answer instanceof Found<R> found ? new Found<>(found.value(), stale || found.stale()) : answer;
    }

    private static <R> Answer<R> notFresher(long lag, Answer<R> answer) {
        return switch (answer) {
            case Found<R> found -> new FromStandby<>(found.value(), lag);
            case FromStandby<R> copy -> new FromStandby<>(copy.value(), Math.max(lag, copy.lag()));
            case OutOfRetention<R> old -> old;
            case Absent<R> absent -> absent;
            case NotReady<R> notReady -> notReady;
        };
    }
}
