package dev.tally.sink.reporting;

import java.time.Instant;

/** What a request to replay a fact comes to. */
public sealed interface ReplayStep {
    /**
     * Deliver it again, after its intent is written.
     *
     * @param fact as it is to be sent
     * @param firstAttemptAt no attempt was made before this
     */
    record TakeUp(Fact fact, Attempts attempts, Instant firstAttemptAt, Replay replay) implements ReplayStep {}

    /** It was taken up before, and its delivery was cut off: go on with it. */
    record Resume(Fact fact, Attempts attempts, Instant firstAttemptAt, Replay replay) implements ReplayStep {}

    /** It was done before. */
    record Done() implements ReplayStep {}

    /** Not done, and nothing is changed. */
    record Refused(String why) implements ReplayStep {}
}
