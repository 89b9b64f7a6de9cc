package dev.tally.sink.reporting;

import java.time.Duration;

/** What to do with a fact after an attempt. */
public sealed interface NextStep {
    /** It is finished. */
    record Finished(Outcome outcome) implements NextStep {}

    /** Attempt again after {@code delay}. */
    record Again(Duration delay, Attempts attempts) implements NextStep {}

    /** The whole account waits {@code delay} before one attempt probes it. */
    record Halt(String reason, Duration delay, Attempts attempts) implements NextStep {}
}
