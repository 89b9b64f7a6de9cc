package dev.tally.sink.reporting;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Decides the next step of a delivery from the answer of an attempt; holds no state and asks no clock. */
public final class DeliveryRules {
    /**
     * How long an event of unknown outcome may be sent again under its identifier: Stripe keeps identifiers for at least
     * 24 hours, one hour is left for clock differences.
     */
    public static final Duration RESEND_HORIZON = Duration.ofHours(23);

    /** Reason of an event parked because its outcome is unknown for longer than {@link #RESEND_HORIZON}. */
    public static final String OUTCOME_UNKNOWN = "outcome_unknown";

    private final RetryRule retryRule;

    public DeliveryRules(RetryRule retryRule) {
        this.retryRule = retryRule;
    }

    /** Whether the event may be sent at {@code now}: an unknown outcome must not be older than the horizon. */
    public boolean maySend(Attempts attempts, Instant now) {
        Instant since = attempts.unknownSince();
        return since == null || now.isBefore(since.plus(RESEND_HORIZON));
    }

    /** The outcome of a fact that {@link #maySend} refuses. */
    public Outcome parkedAsUnknown(Attempts attempts) {
        return new Outcome.Parked(
                OUTCOME_UNKNOWN,
                "an attempt since " + attempts.unknownSince()
                        + " may have reached Stripe; not sent again after 23 hours");
    }

    /**
     * Decides what follows {@code answer}.
     *
     * @param attempts the state the attempt was made in
     * @param startedAt when the attempt was started: the earliest time the event may have reached Stripe
     */
    public NextStep after(Attempts attempts, Answer answer, Instant startedAt, RandomGenerator random) {
        return switch (answer) {
            case Answer.Accepted() -> new NextStep.Finished(new Outcome.Accepted());
            case Answer.AlreadyExists() -> new NextStep.Finished(new Outcome.DuplicateOk());
            case Answer.Permanent(String reason, String detail) ->
                new NextStep.Finished(new Outcome.Dead(reason, detail));
            case Answer.Transient(TransientCause cause, String detail, Optional<Duration> retryAfter) -> {
                Attempts next = failed(attempts, cause.keepsKey(), cause.provesNonDelivery() ? null : startedAt);
                yield new NextStep.Again(retryRule.delay(next.failures(), retryAfter, random), next);
            }
            case Answer.Unknown(String reason, String detail) -> {
                Attempts next = failed(attempts, true, startedAt);
                yield new NextStep.Again(retryRule.delay(next.failures(), Optional.empty(), random), next);
            }
            case Answer.AccountHalt(String reason, String detail) -> {
                Attempts next = failed(attempts, false, null);
                yield new NextStep.Halt(reason, retryRule.haltDelay(next.failures(), random), next);
            }
        };
    }

    private static Attempts failed(Attempts attempts, boolean keepsKey, @Nullable Instant maybeDeliveredAt) {
        IdempotencyKey key = keepsKey ? attempts.key() : attempts.key().next();
        int failures = attempts.failures() == Integer.MAX_VALUE ? Integer.MAX_VALUE : attempts.failures() + 1;
        Instant known = attempts.unknownSince();
        return new Attempts(key, failures, known != null ? known : maybeDeliveredAt);
    }
}
