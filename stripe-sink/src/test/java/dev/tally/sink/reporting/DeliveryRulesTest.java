package dev.tally.sink.reporting;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

final class DeliveryRulesTest {
    private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");
    private static final RandomGenerator RANDOM = new Random(7);
    private final DeliveryRules rules = new DeliveryRules(RetryRule.STANDARD, Duration.ofHours(1));
    private final Attempts first = Attempts.first("id");

    @Test
    void shouldFinishOnAcceptance() {
        assertThat(rules.after(first, new Answer.Accepted(), NOW, RANDOM))
                .isEqualTo(new NextStep.Finished(new Outcome.Accepted()));
    }

    @Test
    void shouldTakeAKnownIdentifierAsSuccessWhereAnAttemptOfOursMayHaveArrived() {
        // Given: an attempt without an answer, one that failed after it may have been taken, one before a restart, one
        // that the sums miss
        Attempts noAnswer = failed(first, new Answer.Unknown("no_answer", "reset"));
        Attempts failed = failed(first, transientAnswer(TransientCause.SERVER_ERROR));
        Attempts restarted = Attempts.resumed("id", 0, NOW, NOW);
        Attempts notInSums = ((NextStep.Again) afterSum(5, restarted, "0")).attempts();

        // Then
        for (Attempts attempts : new Attempts[] {noAnswer, failed, restarted, notInSums}) {
            assertThat(rules.after(attempts, new Answer.AlreadyExists(), NOW, RANDOM))
                    .isEqualTo(new NextStep.Finished(new Outcome.DuplicateOk()));
        }
    }

    @Test
    void shouldParkAnIdentifierThatNobodyHereCanHaveSent() {
        // Given: attempts that cannot have arrived
        Attempts refused = failed(first, transientAnswer(TransientCause.NOT_SENT));
        Attempts limited = failed(refused, transientAnswer(TransientCause.RATE_LIMITED));
        Attempts locked = failed(limited, new Answer.AccountHalt("unauthorized", ""));

        // Then
        for (Attempts attempts : new Attempts[] {first, refused, limited, locked}) {
            assertThat(rules.after(attempts, new Answer.AlreadyExists(), NOW, RANDOM))
                    .isInstanceOfSatisfying(
                            NextStep.Finished.class,
                            step -> assertThat(step.outcome())
                                    .isInstanceOfSatisfying(
                                            Outcome.Parked.class,
                                            parked ->
                                                    assertThat(parked.reason()).isEqualTo("foreign_duplicate")));
        }
    }

    @Test
    void shouldEndAPermanentRefusalAsDead() {
        assertThat(rules.after(first, new Answer.Permanent("resource_missing", "no"), NOW, RANDOM))
                .isEqualTo(new NextStep.Finished(new Outcome.Dead("resource_missing", "no")));
    }

    @Test
    void shouldLetStripesSumDecideWhereARefusalFollowsAnAttemptOfUnknownOutcome() {
        // Given: attempts that may have been taken, here or before a restart
        for (Attempts unknown : new Attempts[] {
            failed(first, new Answer.Unknown("no_answer", "reset")),
            failed(first, transientAnswer(TransientCause.SERVER_ERROR)),
            Attempts.resumed("id", 0, NOW, NOW)
        }) {
            // When
            NextStep.Again refused = (NextStep.Again)
                    rules.after(unknown, new Answer.Permanent("resource_missing", "no"), NOW.plusSeconds(60), RANDOM);

            // Then it is not sent again, and looked for
            assertThat(refused.delay()).isZero();
            assertThat(rules.maySend(refused.attempts(), NOW.plusSeconds(61))).isFalse();
            assertThat(rules.sumsTellFrom(fact(5, true), refused.attempts())).contains(NOW.plus(Duration.ofHours(1)));

            // And dead only where Stripe has not got it
            assertThat(afterSum(5, refused.attempts(), "5"))
                    .isEqualTo(new NextStep.Finished(new Outcome.DuplicateOk()));
            assertThat(afterSum(5, refused.attempts(), "0"))
                    .isEqualTo(new NextStep.Finished(new Outcome.Dead("resource_missing", "no")));
            assertThat(parkedReason(afterSum(5, refused.attempts(), "7"))).isEqualTo("refused_outcome_unknown");
            assertThat(parkedReason(rules.afterSum(
                            fact(5, true),
                            refused.attempts(),
                            new MinuteSum.Untold(new Answer.Permanent("resource_missing", "no such customer")),
                            NOW,
                            RANDOM)))
                    .isEqualTo("refused_outcome_unknown");
            assertThat(parkedReason(afterSum(5, refused.attempts(), "0", NOW.plus(Duration.ofDays(31)))))
                    .isEqualTo("refused_outcome_unknown");
            assertThat(rules.parkedAsUnknown(refused.attempts(), "its minute may hold others"))
                    .isInstanceOfSatisfying(Outcome.Parked.class, parked -> {
                        assertThat(parked.reason()).isEqualTo("refused_outcome_unknown");
                        assertThat(parked.detail()).contains("resource_missing", "its minute may hold others");
                    });

            // And the refusal is not forgotten while Stripe does not tell
            NextStep untold = rules.afterSum(
                    fact(5, true),
                    refused.attempts(),
                    new MinuteSum.Untold(new Answer.Unknown("no_answer", "")),
                    NOW,
                    RANDOM);
            assertThat(((NextStep.Again) untold).attempts().refused())
                    .isEqualTo(refused.attempts().refused());
        }
    }

    @Test
    void shouldAskStripesSumsWhereItKnowsTheIdentifierOfAFactThatHadEnded() {
        for (boolean own : new boolean[] {false, true}) {
            Attempts again = new Attempts(new IdempotencyKey("id", 1), 0, null, true, own, null);

            // When: the event of before may be one that it did not count
            NextStep.Again known = (NextStep.Again) rules.after(again, new Answer.AlreadyExists(), NOW, RANDOM);

            // Then
            assertThat(rules.maySend(known.attempts(), NOW)).isFalse();
            assertThat(rules.sumsTellFrom(fact(5, true), known.attempts())).contains(NOW.plus(Duration.ofHours(1)));
            assertThat(afterSum(5, known.attempts(), "5")).isEqualTo(new NextStep.Finished(new Outcome.DuplicateOk()));
            assertThat(afterSum(5, known.attempts(), "0"))
                    .isEqualTo(new NextStep.Finished(
                            new Outcome.Dead("already_exists", "Stripe knows the identifier from before")));
        }
    }

    @Test
    void shouldLeaveDeadWhatWasAndIsTooLongAgoForSums() {
        Attempts again =
                new Attempts(new IdempotencyKey("id", 1), 0, new Attempts.Unknown(NOW, NOW), true, false, null);
        assertThat(afterSum(5, again, "0", NOW.plus(Duration.ofDays(31))))
                .isInstanceOfSatisfying(
                        NextStep.Finished.class,
                        end -> assertThat(((Outcome.Dead) end.outcome()).reason())
                                .isEqualTo("beyond_sums"));
    }

    private static String parkedReason(NextStep step) {
        return ((Outcome.Parked) ((NextStep.Finished) step).outcome()).reason();
    }

    @Test
    void shouldKeepTheKeyWhereNoAnswerArrived() {
        assertThat(next(first, new Answer.Unknown("no_answer", "")).key().text())
                .isEqualTo("id#0");
        assertThat(next(first, transientAnswer(TransientCause.NOT_SENT)).key().text())
                .isEqualTo("id#0");
        assertThat(next(first, transientAnswer(TransientCause.KEY_IN_USE)).key().text())
                .isEqualTo("id#0");
    }

    @Test
    void shouldRaiseTheKeyAfterAnAnswerThatWillBeRetried() {
        assertThat(next(first, transientAnswer(TransientCause.SERVER_ERROR))
                        .key()
                        .text())
                .isEqualTo("id#1");
        assertThat(next(first, transientAnswer(TransientCause.RATE_LIMITED))
                        .key()
                        .text())
                .isEqualTo("id#1");
        assertThat(next(first, transientAnswer(TransientCause.NOT_STRIPE)).key().text())
                .isEqualTo("id#1");
        NextStep halted = rules.after(first, new Answer.AccountHalt("unauthorized", ""), NOW, RANDOM);
        assertThat(((NextStep.Halt) halted).attempts().key().text()).isEqualTo("id#1");
    }

    @Test
    void shouldCountTheHorizonFromTheFirstAttemptOfUnknownOutcome() {
        // Given
        Attempts refusedFirst = next(first, transientAnswer(TransientCause.NOT_SENT));
        Attempts limited = next(refusedFirst, transientAnswer(TransientCause.RATE_LIMITED));
        Attempts unknown = next(limited, new Answer.Unknown("no_answer", ""));
        NextStep.Again later = (NextStep.Again)
                rules.after(unknown, new Answer.Unknown("no_answer", ""), NOW.plusSeconds(3_600), RANDOM);

        // Then
        assertThat(limited.unknown()).isNull();
        assertThat(rules.maySend(limited, NOW.plus(Duration.ofDays(30)))).isTrue();
        assertThat(later.attempts().unknown()).isEqualTo(new Attempts.Unknown(NOW, NOW.plusSeconds(3_600)));
        assertThat(rules.maySend(
                        later.attempts(), NOW.plus(Duration.ofHours(23)).minusMillis(1)))
                .isTrue();
        assertThat(rules.maySend(later.attempts(), NOW.plus(Duration.ofHours(23))))
                .isFalse();
        assertThat(rules.parkedAsUnknown(later.attempts(), "why"))
                .isInstanceOfSatisfying(
                        Outcome.Parked.class,
                        parked -> assertThat(parked.reason()).isEqualTo("outcome_unknown"));
    }

    @Test
    void shouldTreatAnIntentOfAnEarlierProcessAsUnknown() {
        Attempts resumed = Attempts.resumed("id", 3, NOW, NOW.plusSeconds(60));
        assertThat(resumed.key().text()).isEqualTo("id#3");
        assertThat(rules.maySend(resumed, NOW.plus(Duration.ofHours(22)))).isTrue();
        assertThat(rules.maySend(resumed, NOW.plus(Duration.ofHours(24)))).isFalse();
    }

    @Test
    void shouldLookAtSumsOnlyWhereTheyTell() {
        Attempts unknown = Attempts.resumed("id", 0, NOW, NOW.plusSeconds(60));
        assertThat(rules.sumsTellFrom(fact(5, true), unknown))
                .contains(NOW.plusSeconds(60).plus(Duration.ofHours(1)));
        assertThat(rules.sumsTellFrom(fact(5, false), unknown)).isEmpty();
    }

    @Test
    void shouldSettleByStripesSum() {
        Attempts unknown = Attempts.resumed("id", 3, NOW, NOW);

        // Then: it is there, also as a correction, or as nothing
        assertThat(afterSum(5, unknown, "5.0")).isEqualTo(new NextStep.Finished(new Outcome.DuplicateOk()));
        assertThat(afterSum(-5, unknown, "-5")).isEqualTo(new NextStep.Finished(new Outcome.DuplicateOk()));
        assertThat(afterSum(0, unknown, "0")).isEqualTo(new NextStep.Finished(new Outcome.DuplicateOk()));

        // And: it never arrived, so it is sent under a new key, and the horizon begins anew
        NextStep.Again again = (NextStep.Again) afterSum(5, unknown, "0.0");
        assertThat(again.delay()).isZero();
        assertThat(again.attempts().key().text()).isEqualTo("id#4");
        assertThat(again.attempts().unknown()).isNull();

        // And: anything else is nobody's to decide but a person's
        for (String sum : new String[] {"4", "10", "-5", "5.5"}) {
            assertThat(afterSum(5, unknown, sum))
                    .isInstanceOfSatisfying(
                            NextStep.Finished.class,
                            step -> assertThat(step.outcome()).isInstanceOfSatisfying(Outcome.Parked.class, parked -> {
                                assertThat(parked.reason()).isEqualTo("outcome_unknown");
                                assertThat(parked.detail()).contains("Stripe has " + sum + " in its minute");
                            }));
        }
    }

    @Test
    void shouldNotTakeNothingForAnAnswerWhereSumsMayNotReach() {
        Attempts unknown = Attempts.resumed("id", 3, NOW, NOW);
        Instant lastMoment = NOW.plus(DeliveryRules.SUMS_REACH);

        // Then: what is there is there, however old
        assertThat(afterSum(5, unknown, "0", lastMoment)).isInstanceOf(NextStep.Again.class);
        assertThat(afterSum(5, unknown, "5", lastMoment.plusNanos(1)))
                .isEqualTo(new NextStep.Finished(new Outcome.DuplicateOk()));
        assertThat(afterSum(5, unknown, "0", lastMoment.plusNanos(1)))
                .isInstanceOfSatisfying(
                        NextStep.Finished.class,
                        step -> assertThat(step.outcome()).isInstanceOfSatisfying(Outcome.Parked.class, parked -> {
                            assertThat(parked.reason()).isEqualTo("outcome_unknown");
                            assertThat(parked.detail()).contains("too long ago for its sums");
                        }));
    }

    @Test
    void shouldAskForTheSumUntilStripeTellsIt() {
        Attempts unknown = Attempts.resumed("id", 3, NOW, NOW);

        // Then
        for (Answer passing :
                new Answer[] {transientAnswer(TransientCause.RATE_LIMITED), new Answer.Unknown("no_answer", "")}) {
            NextStep.Again again =
                    (NextStep.Again) rules.afterSum(fact(5, true), unknown, new MinuteSum.Untold(passing), NOW, RANDOM);
            assertThat(again.attempts().unknown()).isEqualTo(unknown.unknown());
            assertThat(again.attempts().key()).isEqualTo(unknown.key());
            assertThat(again.attempts().failures()).isEqualTo(1);
        }
        assertThat(rules.afterSum(
                        fact(5, true),
                        unknown,
                        new MinuteSum.Untold(new Answer.AccountHalt("unauthorized", "")),
                        NOW,
                        RANDOM))
                .isInstanceOfSatisfying(
                        NextStep.Halt.class,
                        halt -> assertThat(halt.attempts().unknown()).isEqualTo(unknown.unknown()));
        assertThat(rules.afterSum(
                        fact(5, true),
                        unknown,
                        new MinuteSum.Untold(new Answer.Permanent("no_meter", "")),
                        NOW,
                        RANDOM))
                .isInstanceOfSatisfying(
                        NextStep.Finished.class,
                        step -> assertThat(step.outcome()).isInstanceOf(Outcome.Parked.class));
    }

    private NextStep afterSum(long amount, Attempts attempts, String sum) {
        return afterSum(amount, attempts, sum, NOW);
    }

    private NextStep afterSum(long amount, Attempts attempts, String sum, Instant askedAt) {
        return rules.afterSum(fact(amount, true), attempts, new MinuteSum.Of(new BigDecimal(sum)), askedAt, RANDOM);
    }

    private static Fact fact(long amount, boolean hasOwnMinute) {
        return new Fact("id", "user:u1", "cus_1", "tally_actions", amount, NOW, hasOwnMinute);
    }

    @Test
    void shouldDoubleTheCeilingFromHalfASecondToFiveMinutes() {
        RetryRule rule = RetryRule.STANDARD;
        assertThat(rule.ceiling(1)).isEqualTo(Duration.ofMillis(500));
        assertThat(rule.ceiling(2)).isEqualTo(Duration.ofSeconds(1));
        assertThat(rule.ceiling(10)).isEqualTo(Duration.ofSeconds(256));
        assertThat(rule.ceiling(11)).isEqualTo(Duration.ofMinutes(5));
        assertThat(rule.ceiling(Integer.MAX_VALUE)).isEqualTo(Duration.ofMinutes(5));
    }

    @Test
    void shouldJitterOverTheWholeRange() {
        long shortest = Long.MAX_VALUE;
        long longest = 0;
        for (int i = 0; i < 10_000; i++) {
            long nanos = RetryRule.STANDARD.delay(1, Optional.empty(), RANDOM).toNanos();
            shortest = Math.min(shortest, nanos);
            longest = Math.max(longest, nanos);
        }
        assertThat(shortest).isBetween(0L, Duration.ofMillis(5).toNanos());
        assertThat(longest)
                .isBetween(
                        Duration.ofMillis(495).toNanos(), Duration.ofMillis(500).toNanos());
    }

    @Test
    void shouldNeverWaitLessThanRetryAfterSays() {
        Optional<Duration> floor = Optional.of(Duration.ofSeconds(7));
        assertThat(RetryRule.STANDARD.delay(1, floor, RANDOM)).isEqualTo(Duration.ofSeconds(7));
        assertThat(RetryRule.STANDARD.delay(1, Optional.of(Duration.ofDays(400)), RANDOM))
                .isEqualTo(RetryRule.LONGEST_FLOOR);
    }

    @Test
    void shouldProbeAHaltedAccountSlowly() {
        assertThat(RetryRule.STANDARD.haltDelay(1, RANDOM)).isEqualTo(Duration.ofSeconds(30));
    }

    @Test
    void shouldRefuseBoundsOutOfOrder() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new RetryRule(Duration.ofSeconds(2), Duration.ofSeconds(1)));
        assertThatIllegalArgumentException().isThrownBy(() -> new RetryRule(Duration.ZERO, Duration.ofSeconds(1)));
    }

    @Test
    void shouldAdmitByWhatTheLedgerKnows() {
        Fact fact = new Fact("id", "user:u1", "cus_1", "tally_actions", 5, NOW, true);
        assertThat(Admission.of(fact, null, NOW)).isEqualTo(new Admission.Deliver(Attempts.first("id")));
        assertThat(Admission.of(fact, known(Known.State.TAKEN, 5), NOW.plusSeconds(9)))
                .isEqualTo(new Admission.AlreadySettled());
        assertThat(Admission.of(fact, known(Known.State.INTENT, 5), NOW.plusSeconds(9)))
                .isEqualTo(new Admission.Deliver(Attempts.resumed("id", 2, NOW, NOW.plusSeconds(9))));
        assertThat(Admission.of(fact, known(Known.State.DEAD, 6), NOW.plusSeconds(9)))
                .isInstanceOf(Admission.Conflict.class);
        assertThat(Admission.of(fact, known(Known.State.INTENT, 4), NOW.plusSeconds(9)))
                .isInstanceOf(Admission.Conflict.class);
    }

    private static Known known(Known.State state, long amount) {
        return new Known(state, null, amount, NOW, NOW, 2, NOW, Replay.NONE);
    }

    private Attempts next(Attempts attempts, Answer answer) {
        NextStep step = rules.after(attempts, answer, NOW, RANDOM);
        assertThat(step).isInstanceOf(NextStep.Again.class);
        return ((NextStep.Again) step).attempts();
    }

    private static Answer transientAnswer(TransientCause cause) {
        return new Answer.Transient(cause, "", Optional.empty());
    }

    private Attempts failed(Attempts attempts, Answer answer) {
        return switch (rules.after(attempts, answer, NOW, RANDOM)) {
            case NextStep.Again(Duration delay, Attempts next) -> next;
            case NextStep.Halt(String reason, Duration delay, Attempts next) -> next;
            case NextStep.Finished finished -> throw new AssertionError(finished);
        };
    }
}
