package dev.tally.sink.alerts;

import dev.tally.sink.reporting.RetryRule;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.random.RandomGenerator;

/** Decides what follows an attempt; holds no state and asks no clock. */
public final class AlertRules {
    /** The endpoint answered 410; nothing is sent there until its subscription changes. */
    public static final String GONE = "gone";

    /** The catalogue does not name the address any more. */
    public static final String REMOVED = "removed";

    /** It was not taken within {@link Routing#LIFE}. */
    public static final String GAVE_UP = "gave_up";

    /** So many alerts wait for the same address that no more are kept waiting. */
    public static final String TOO_MANY_WAITING = "too_many_waiting";

    private final RetryRule retryRule;

    /** @param retryRule waits between attempts */
    public AlertRules(RetryRule retryRule) {
        this.retryRule = retryRule;
    }

    /** What to do after an attempt. */
    public sealed interface Step {
        /** It is over. */
        record Done(AlertOutcome outcome) implements Step {}

        /** Try again after {@code delay}. */
        record Again(Duration delay, String reason) implements Step {}
    }

    /** Why an alert is not even tried; empty where it is. */
    public Optional<AlertOutcome.Dead> before(boolean stillNamed, boolean gone, Instant appendedAt, Instant now) {
        if (!stillNamed) {
            return Optional.of(new AlertOutcome.Dead(REMOVED, "the catalogue does not name the address any more"));
        }
        if (gone) {
            return Optional.of(goneFor("the endpoint answered 410 to an earlier alert"));
        }
        return now.isBefore(Routing.deadline(appendedAt))
                ? Optional.empty()
                : Optional.of(new AlertOutcome.Dead(GAVE_UP, "not taken within 3 days"));
    }

    /**
     * Decides after an attempt.
     *
     * @param failures how many attempts in a row have failed at this address, with this one
     */
    public Step after(Attempt attempt, int failures, Instant appendedAt, Instant now, RandomGenerator random) {
        return switch (attempt) {
            case Attempt.Delivered() -> new Step.Done(new AlertOutcome.Delivered());
            case Attempt.Gone() -> new Step.Done(goneFor("the endpoint answered 410"));
            case Attempt.Refused(String reason, String detail) -> new Step.Done(new AlertOutcome.Dead(reason, detail));
            case Attempt.Failed(String reason, String detail, Optional<Duration> retryAfter) -> {
                Duration delay = retryRule.delay(Math.max(1, failures), retryAfter, random);
                yield now.plus(delay).isBefore(Routing.deadline(appendedAt))
                        ? new Step.Again(delay, reason)
                        : new Step.Done(new AlertOutcome.Dead(
                                GAVE_UP, "not taken within 3 days, at last: " + reason + ", " + detail));
            }
        };
    }

    private static AlertOutcome.Dead goneFor(String detail) {
        return new AlertOutcome.Dead(GONE, detail + "; it is tried again once its subscription changes");
    }
}
