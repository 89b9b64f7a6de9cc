package dev.tally.sink.reporting;

import java.math.BigDecimal;
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

    /**
     * How far back Stripe's sums surely reach. How far they do is not documented; a month's invoice is made of them. What is older is there if
     * they say so, and may be there if they do not.
     */
    public static final Duration SUMS_REACH = Duration.ofDays(30);

    /** Reason of an event parked because its outcome is unknown for longer than {@link #RESEND_HORIZON}, and Stripe's sums do not tell. */
    public static final String OUTCOME_UNKNOWN = "outcome_unknown";

    /**
     * Reason of an event that Stripe refuses for good after an attempt of unknown outcome, where its sums do not tell whether that one got
     * through.
     */
    public static final String REFUSED_OUTCOME_UNKNOWN = "refused_outcome_unknown";

    /** Reason of a dead event that was taken up again, and whose minute is too long ago for Stripe's sums to tell that it is not there. */
    public static final String BEYOND_SUMS = "beyond_sums";

    /** Reason of an event whose identifier Stripe knows although no attempt of ours can have reached it. */
    public static final String FOREIGN_DUPLICATE = "foreign_duplicate";

    /** Whoever sent it, its amount is not known here: it may be another one's fact. */
    private static final Outcome FOREIGN = new Outcome.Parked(
            FOREIGN_DUPLICATE,
            "Stripe has an event with this identifier, and no attempt that the ledger knows of can have brought it there");

    private final RetryRule retryRule;
    private final Duration sumsDelay;

    /** @param sumsDelay how long what Stripe took may be missing from its sums */
    public DeliveryRules(RetryRule retryRule, Duration sumsDelay) {
        this.retryRule = retryRule;
        this.sumsDelay = sumsDelay;
    }

    /** Whether the event may be sent at {@code now}: it was not refused for good, and an unknown outcome is not older than the horizon. */
    public boolean maySend(Attempts attempts, Instant now) {
        Attempts.Unknown unknown = attempts.unknown();
        return attempts.refused() == null
                && (unknown == null || now.isBefore(unknown.since().plus(RESEND_HORIZON)));
    }

    /** From when on Stripe's sums tell about a fact that {@link #maySend} refuses; empty where they never do. */
    public Optional<Instant> sumsTellFrom(Fact fact, Attempts attempts) {
        Attempts.Unknown unknown = attempts.unknown();
        return fact.hasOwnMinute() && fact.customer() != null && unknown != null
                ? Optional.of(unknown.until().plus(sumsDelay))
                : Optional.empty();
    }

    /** The outcome of a fact that {@link #maySend} refuses and no sum tells about. */
    public Outcome parkedAsUnknown(Attempts attempts, String why) {
        Attempts.Unknown unknown = attempts.unknown();
        String attempt =
                "an attempt since " + (unknown == null ? null : unknown.since()) + " may have reached Stripe; ";
        Attempts.Refused refused = attempts.refused();
        return refused == null
                ? new Outcome.Parked(OUTCOME_UNKNOWN, attempt + "not sent again after 23 hours: " + why)
                : new Outcome.Parked(
                        REFUSED_OUTCOME_UNKNOWN,
                        attempt + "a later one was refused (" + refused.reason() + ", " + refused.detail() + "): "
                                + why);
    }

    /**
     * Decides what follows from Stripe's sum over the minute of a fact whose outcome was unknown for too long to send it again blindly, or
     * which was refused meanwhile. Where the minute is empty the fact never arrived: its delivery begins anew, or the refusal stands, unless
     * the minute is further back than sums surely reach.
     *
     * @param askedAt when Stripe was asked
     */
    public NextStep afterSum(Fact fact, Attempts attempts, MinuteSum told, Instant askedAt, RandomGenerator random) {
        Attempts.Refused refused = attempts.refused();
        return switch (told) {
            case MinuteSum.Of(BigDecimal sum)
            when sum.compareTo(BigDecimal.valueOf(fact.amount())) == 0 ->
                new NextStep.Finished(new Outcome.DuplicateOk());
            case MinuteSum.Of(BigDecimal sum)
            when sum.signum() == 0 && isBeyondSums(fact.timestamp(), askedAt) -> {
                String why = "Stripe has nothing in its minute, which may be too long ago for its sums";
                // What no attempt can have brought to Stripe was dead before it was taken up again.
                yield new NextStep.Finished(
                        attempts.own() ? parkedAsUnknown(attempts, why) : new Outcome.Dead(BEYOND_SUMS, why));
            }
            case MinuteSum.Of(BigDecimal sum)
            when sum.signum() == 0 && refused != null ->
                new NextStep.Finished(new Outcome.Dead(refused.reason(), refused.detail()));
            case MinuteSum.Of(BigDecimal sum)
            when sum.signum() == 0 ->
                new NextStep.Again(
                        Duration.ZERO,
                        new Attempts(
                                attempts.key().next(),
                                attempts.failures(),
                                null,
                                attempts.again(),
                                attempts.own(),
                                null));
            case MinuteSum.Of(BigDecimal sum) ->
                new NextStep.Finished(
                        parkedAsUnknown(attempts, "Stripe has " + sum.toPlainString() + " in its minute"));
            case MinuteSum.Untold(Answer.AccountHalt(String reason, String detail)) -> halt(attempts, reason, random);
            case MinuteSum.Untold(Answer.Permanent(String reason, String detail)) -> {
                String why = "Stripe does not tell its sum: " + reason + ", " + detail;
                // What no attempt can have brought to Stripe was dead before it was taken up again.
                yield new NextStep.Finished(
                        attempts.own() ? parkedAsUnknown(attempts, why) : new Outcome.Dead(reason, why));
            }
            case MinuteSum.Untold(
                    Answer.Transient(TransientCause cause, String detail, Optional<Duration> retryAfter)) ->
                askAgain(attempts, retryAfter, random);
            case MinuteSum.Untold(Answer.Unknown unknown) -> askAgain(attempts, Optional.empty(), random);
            case MinuteSum.Untold(Answer.Accepted accepted) -> throw new IllegalArgumentException("no answer to a sum");
            case MinuteSum.Untold(Answer.Streamed streamed) -> throw new IllegalArgumentException("no answer to a sum");
            case MinuteSum.Untold(Answer.AlreadyExists exists) ->
                throw new IllegalArgumentException("no answer to a sum");
        };
    }

    /** Whether sums that leave out {@code at} say nothing about it. */
    public static boolean isBeyondSums(Instant at, Instant askedAt) {
        return at.isBefore(askedAt.minus(SUMS_REACH));
    }

    private NextStep halt(Attempts attempts, String reason, RandomGenerator random) {
        Attempts next = failed(attempts, false, null);
        return new NextStep.Halt(reason, retryRule.haltDelay(next.failures(), random), next);
    }

    private NextStep askAgain(Attempts attempts, Optional<Duration> retryAfter, RandomGenerator random) {
        Attempts next = new Attempts(
                attempts.key(),
                increased(attempts.failures()),
                attempts.unknown(),
                attempts.again(),
                attempts.own(),
                attempts.refused());
        return new NextStep.Again(retryRule.delay(next.failures(), retryAfter, random), next);
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
            case Answer.Streamed() -> new NextStep.Finished(new Outcome.Unconfirmed());
            case Answer.AlreadyExists() -> {
                if (attempts.again()) {
                    // It may be the event of before, which Stripe knows and did not count.
                    yield new NextStep.Again(
                            Duration.ZERO,
                            failed(attempts, true, startedAt)
                                    .refusedFor("already_exists", "Stripe knows the identifier from before"));
                }
                yield new NextStep.Finished(attempts.own() ? new Outcome.DuplicateOk() : FOREIGN);
            }
            case Answer.Permanent(String reason, String detail) ->

                // The refusal is of this attempt; an earlier one may have been taken.
                attempts.unknown() == null
                        ? new NextStep.Finished(new Outcome.Dead(reason, detail))
                        : new NextStep.Again(Duration.ZERO, attempts.refusedFor(reason, detail));
            case Answer.Transient(TransientCause cause, String detail, Optional<Duration> retryAfter) -> {
                Attempts next = failed(attempts, cause.keepsKey(), cause.provesNonDelivery() ? null : startedAt);
                yield new NextStep.Again(retryRule.delay(next.failures(), retryAfter, random), next);
            }
            case Answer.Unknown(String reason, String detail) -> {
                Attempts next = failed(attempts, true, startedAt);
                yield new NextStep.Again(retryRule.delay(next.failures(), Optional.empty(), random), next);
            }
            case Answer.AccountHalt(String reason, String detail) -> halt(attempts, reason, random);
        };
    }

    private static Attempts failed(Attempts attempts, boolean keepsKey, @Nullable Instant maybeDeliveredAt) {
        IdempotencyKey key = keepsKey ? attempts.key() : attempts.key().next();
        return new Attempts(
                key,
                increased(attempts.failures()),
                unknown(attempts.unknown(), maybeDeliveredAt),
                attempts.again(),
                attempts.own() || maybeDeliveredAt != null,
                attempts.refused());
    }

    private static Attempts.@Nullable Unknown unknown(
            Attempts.@Nullable Unknown before, @Nullable Instant maybeDeliveredAt) {
        if (maybeDeliveredAt == null) {
            return before;
        }
        return before == null
                ? new Attempts.Unknown(maybeDeliveredAt, maybeDeliveredAt)
                : before.upTo(maybeDeliveredAt);
    }

    private static int increased(int failures) {
        return failures == Integer.MAX_VALUE ? Integer.MAX_VALUE : failures + 1;
    }
}
