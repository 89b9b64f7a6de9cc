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

    /** The day asked for is older than what is kept. */
    record OutOfRetention<T>(LocalDate oldest) implements Answer<T> {}

    /** What was asked about does not exist. */
    record Absent<T>(String what) implements Answer<T> {}

    /** Nobody can answer at the moment. */
    record NotReady<T>(String reason, Duration retryAfter) implements Answer<T> {}

    /** The same answer about something else. */
    default <R> Answer<R> map(Function<? super T, ? extends R> mapping) {
        return switch (this) {
            case Found<T> found -> new Found<>(mapping.apply(found.value()), found.stale());
            case OutOfRetention<T> old -> new OutOfRetention<>(old.oldest());
            case Absent<T> absent -> new Absent<>(absent.what());
            case NotReady<T> notReady -> new NotReady<>(notReady.reason(), notReady.retryAfter());
        };
    }
}
