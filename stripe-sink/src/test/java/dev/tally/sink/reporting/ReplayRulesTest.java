package dev.tally.sink.reporting;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.sink.reporting.Known.State;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class ReplayRulesTest {
    private static final Instant START = Instant.parse("2026-11-01T12:00:00Z");
    private static final Instant ENDED = START.plus(Duration.ofHours(1));
    private static final Duration DAY = Duration.ofDays(1);
    private final DeliveryRules delivery = new DeliveryRules(RetryRule.STANDARD, Duration.ofHours(1));

    @Test
    void shouldSendADeadFactAgainUnderItsIdentifierAndANewKeyWithin23Hours() {
        Instant now = START.plus(Duration.ofHours(22));

        ReplayStep.TakeUp step = takeUp(dead("resource_missing"), now);

        assertThat(step.fact()).isEqualTo(fact());
        assertThat(step.attempts().key().text()).isEqualTo("id#4");
        assertThat(delivery.maySend(step.attempts(), now)).isTrue();
        assertThat(step.replay()).isEqualTo(new Replay(1, now, null));
        assertThat(step.firstAttemptAt()).isEqualTo(START);
    }

    @Test
    void shouldAskStripesSumFirstAfter23Hours() {
        Instant now = START.plus(Duration.ofHours(23));

        Attempts attempts = takeUp(dead("resource_missing"), now).attempts();

        assertThat(delivery.maySend(attempts, now)).isFalse();
        assertThat(delivery.sumsTellFrom(fact(), attempts)).contains(ENDED.plus(Duration.ofHours(1)));
        // Somebody has billed it by hand; it is not there; something else is; Stripe does not know the customer still.
        assertThat(after(attempts, new MinuteSum.Of(BigDecimal.valueOf(5))))
                .isEqualTo(new NextStep.Finished(new Outcome.DuplicateOk()));
        NextStep.Again absent = (NextStep.Again) after(attempts, new MinuteSum.Of(BigDecimal.ZERO));
        assertThat(delivery.maySend(absent.attempts(), now)).isTrue();
        assertThat(after(attempts, new MinuteSum.Of(BigDecimal.TEN)))
                .isInstanceOfSatisfying(
                        NextStep.Finished.class,
                        step -> assertThat(step.outcome()).isInstanceOf(Outcome.Parked.class));
        assertThat(after(attempts, new MinuteSum.Untold(new Answer.Permanent("resource_missing", "no"))))
                .isInstanceOfSatisfying(
                        NextStep.Finished.class,
                        step -> assertThat(step.outcome()).isInstanceOf(Outcome.Dead.class));
        // An identifier that Stripe knows all the same may be of an event that it did not count: its sums decide.
        NextStep.Again known =
                (NextStep.Again) delivery.after(absent.attempts(), new Answer.AlreadyExists(), now, new Random(1));
        assertThat(delivery.maySend(known.attempts(), now)).isFalse();
    }

    @Test
    void shouldNotTakeUpWhatNoSumTellsOf() {
        Fact shared = new Fact("id", "user:u1", "cus_1", "a", 5, START, false);
        assertThat(judge(shared, dead("resource_missing"), 1, null, START.plus(Duration.ofHours(22))))
                .isInstanceOf(ReplayStep.TakeUp.class);
        assertThat(judge(shared, dead("resource_missing"), 1, null, START.plus(Duration.ofHours(23))))
                .isInstanceOf(ReplayStep.Refused.class);
    }

    @Test
    void shouldTakeUpAParkedFactOnlyWhereItsOutcomeIsUnknown() {
        Instant now = START.plus(DAY);
        for (String reason : new String[] {"outcome_unknown", "refused_outcome_unknown"}) {
            Attempts attempts = takeUp(parked(reason), now).attempts();
            assertThat(delivery.maySend(attempts, now)).isFalse();
            assertThat(attempts.own()).isTrue();
        }
        for (String reason : new String[] {"amount_differs", "foreign_duplicate"}) {
            assertThat(judge(parked(reason), now)).isInstanceOf(ReplayStep.Refused.class);
        }
    }

    @Test
    void shouldWaitUntilStripeHasForgottenAnIdentifierThatItReported() {
        Known reported = dead("async_archived_meter");
        assertThat(judge(reported, ENDED.plus(Duration.ofHours(24)))).isInstanceOf(ReplayStep.Refused.class);

        Instant now = ENDED.plus(Duration.ofHours(25));
        assertThat(delivery.maySend(takeUp(reported, now).attempts(), now)).isFalse();
    }

    @Test
    void shouldChargeAnotherTimeOnlyWhereStripeRefusesItsOwn() {
        Instant now = START.plus(DAY.multipliedBy(36));
        Known recent = new Known(State.DEAD, "too_old", 5, START, ENDED, 3, now.minus(DAY), Replay.NONE);

        // Then
        assertThat(judge(recent, now)).isInstanceOf(ReplayStep.Refused.class);
        assertThat(judge(fact(), recent, 1, now, now)).isInstanceOfSatisfying(ReplayStep.TakeUp.class, step -> {
            assertThat(step.fact().timestamp()).isEqualTo(now);
            assertThat(step.fact().hasOwnMinute()).isFalse();
            assertThat(step.firstAttemptAt()).isEqualTo(now);
            assertThat(step.replay()).isEqualTo(new Replay(1, now, START));
        });
        assertThat(judge(fact(), recent, 1, now.minus(DAY), now)).isInstanceOf(ReplayStep.Refused.class);
        assertThat(judge(fact(), dead("resource_missing"), 1, START.plus(DAY), START.plus(DAY)))
                .isInstanceOf(ReplayStep.Refused.class);

        // And: a dead letter that may stand for a billed fact, read again after its outcome was forgotten
        Known late =
                new Known(State.DEAD, "too_old", 5, START, ENDED, 3, START.plus(DAY.multipliedBy(37)), Replay.NONE);
        Instant later = START.plus(DAY.multipliedBy(38));
        assertThat(judge(fact(), late, 1, later, later)).isInstanceOf(ReplayStep.Refused.class);
    }

    @Test
    void shouldGrantEachReplayOnce() {
        Instant now = START.plus(Duration.ofHours(2));
        Replay first = new Replay(1, ENDED, null);

        // Then: cut off, done, dead again and asked for again, skipped, too late
        assertThat(judge(fact(), known(State.INTENT, null, first), 1, null, now))
                .isInstanceOfSatisfying(
                        ReplayStep.Resume.class,
                        step -> assertThat(step.attempts().own()).isTrue());
        assertThat(judge(fact(), known(State.TAKEN, null, first), 1, null, now)).isEqualTo(new ReplayStep.Done());
        assertThat(judge(fact(), known(State.DEAD, "x", first), 1, null, now)).isEqualTo(new ReplayStep.Done());
        assertThat(judge(fact(), known(State.DEAD, "x", first), 2, null, now)).isInstanceOf(ReplayStep.TakeUp.class);
        assertThat(judge(fact(), known(State.DEAD, "x", first), 3, null, now)).isInstanceOf(ReplayStep.Refused.class);
        assertThat(ReplayRules.judge(
                        fact(), dead("x"), new ReplayRequest(1, null, now.minus(Duration.ofMinutes(61)), START), now))
                .isInstanceOf(ReplayStep.Refused.class);
    }

    @Test
    void shouldNotTakeUpWhatIsTooLongAgoForSumsAndNotTooOldForStripe() {
        assertThat(judge(dead("resource_missing"), START.plus(Duration.ofDays(31))))
                .isInstanceOfSatisfying(
                        ReplayStep.Refused.class, step -> assertThat(step.why()).contains("with another timestamp"));
    }

    @Test
    void shouldNotTakeUpWhatIsNotDead() {
        Instant now = START.plus(Duration.ofHours(2));
        assertThat(judge(fact(), null, 1, null, now)).isInstanceOf(ReplayStep.Refused.class);
        assertThat(judge(fact(), known(State.TAKEN, null, Replay.NONE), 1, null, now))
                .isInstanceOf(ReplayStep.Refused.class);
        assertThat(judge(fact(), known(State.INTENT, null, Replay.NONE), 1, null, now))
                .isInstanceOf(ReplayStep.Refused.class);
        Fact other = new Fact("id", "user:u1", "cus_1", "a", 6, START, true);
        assertThat(judge(other, dead("x"), 1, null, now)).isInstanceOf(ReplayStep.Refused.class);
        Fact free = new Fact("id", "user:u1", null, "a", 5, START, true);
        assertThat(judge(free, dead("no_customer"), 1, null, now))
                .isInstanceOfSatisfying(
                        ReplayStep.Refused.class, step -> assertThat(step.why()).contains("no_customer"));
    }

    private ReplayStep.TakeUp takeUp(Known known, Instant now) {
        ReplayStep step = judge(known, now);
        assertThat(step).isInstanceOf(ReplayStep.TakeUp.class);
        return (ReplayStep.TakeUp) step;
    }

    private NextStep after(Attempts attempts, MinuteSum told) {
        return delivery.afterSum(fact(), attempts, told, START, new Random(1));
    }

    private static ReplayStep judge(Known known, Instant now) {
        return judge(fact(), known, 1, null, now);
    }

    private static ReplayStep judge(
            Fact fact, @Nullable Known known, int number, @Nullable Instant timestamp, Instant now) {
        return ReplayRules.judge(fact, known, new ReplayRequest(number, timestamp, now, START), now);
    }

    private static Known dead(String reason) {
        return known(State.DEAD, reason, Replay.NONE);
    }

    private static Known parked(String reason) {
        return known(State.PARKED, reason, Replay.NONE);
    }

    private static Known known(State state, @Nullable String reason, Replay replay) {
        return new Known(state, reason, 5, START, START, 3, ENDED, replay);
    }

    private static Fact fact() {
        return new Fact("id", "user:u1", "cus_1", "a", 5, START, true);
    }
}
