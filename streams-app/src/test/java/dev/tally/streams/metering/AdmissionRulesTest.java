package dev.tally.streams.metering;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.streams.metering.AdmissionRules.Answer;
import dev.tally.streams.metering.AdmissionRules.HeldLimit;
import dev.tally.streams.metering.AdmissionRules.Queue;
import dev.tally.streams.metering.AdmissionRules.Verdict;
import dev.tally.streams.metering.PlanTerms.Beyond;
import dev.tally.streams.metering.PlanTerms.Scope;
import dev.tally.streams.metering.PlanTerms.Window;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class AdmissionRulesTest {

    private static final Instant MIDNIGHT = Instant.parse("2026-11-22T00:00:00Z");
    private static final Instant PERIOD_END = Instant.parse("2026-12-01T00:00:00Z");

    @Test
    void shouldAdmitWithoutALimit() {
        assertThat(decide(Map.of("credits", 3L))).isEqualTo(new Verdict(Answer.ADMIT, null, null, null));
    }

    @ParameterizedTest
    @CsvSource({
        // used, held, amount, answer, remaining
        "0, 0, 100, ADMIT, 0",
        "0, 0, 101, REJECT, 100",
        "60, 30, 10, ADMIT, 0",
        "60, 30, 11, REJECT, 10",
        "60, 41, 1, REJECT, 0",
        "100, 0, 1, REJECT, 0",
        "250, 0, 1, REJECT, 0",
        "99, 0, 1, ADMIT, 0",
        "9223372036854775807, 9223372036854775807, 1, REJECT, 0"
    })
    void shouldAdmitAnAmountWholeOrNotAtAll(long used, long held, long amount, Answer answer, long remaining) {
        Verdict verdict = decide(Map.of("credits", amount), pool(100, used, held, Beyond.REJECT));

        assertThat(verdict.answer()).isEqualTo(answer);
        assertThat(verdict.remaining()).isEqualTo(remaining);
        assertThat(verdict.reason()).isEqualTo(answer == Answer.REJECT ? "pool_empty" : null);
        assertThat(verdict.retryAt()).isEqualTo(answer == Answer.REJECT ? PERIOD_END : null);
    }

    @ParameterizedTest
    @CsvSource({"0, ADMIT, 2", "2, ADMIT, 0", "3, QUEUE, 0", "4, QUEUE, 0"})
    void shouldCountOpenHoldsNotAmountsWhereTheyAreLimited(long open, Answer answer, long remaining) {
        Verdict verdict = decide(
                Map.of("credits", 1_000L),
                limit(Scope.ORG, Window.CONCURRENT, "credits", 3, 0, open, Beyond.QUEUE, null));

        assertThat(verdict)
                .isEqualTo(new Verdict(answer, answer == Answer.QUEUE ? "concurrency" : null, null, remaining));
    }

    @Test
    void shouldAnswerWhatTheMostRestrictiveLimitSays() {
        // Given all of them full, least restrictive first
        HeldLimit notify = limit(Scope.ORG, Window.DAY, "actions", 1, 1, 0, Beyond.NOTIFY, MIDNIGHT);
        HeldLimit bill = limit(Scope.ORG, Window.PERIOD, "actions", 1, 1, 0, Beyond.BILL, PERIOD_END);
        HeldLimit queue = limit(Scope.USER, Window.DAY, "actions", 1, 1, 0, Beyond.QUEUE, MIDNIGHT);
        HeldLimit pause = limit(Scope.SPACE, Window.PERIOD, "actions", 1, 1, 0, Beyond.PAUSE, null);
        HeldLimit reject = limit(Scope.MEMBER, Window.PERIOD, "actions", 1, 1, 0, Beyond.REJECT, MIDNIGHT);
        Map<String, Long> one = Map.of("actions", 1L);

        assertThat(decide(one, notify, bill)).isEqualTo(new Verdict(Answer.ADMIT, null, null, 0L));
        assertThat(decide(one, notify, bill, queue)).isEqualTo(new Verdict(Answer.QUEUE, "user_limit", MIDNIGHT, 0L));
        assertThat(decide(one, queue, pause)).isEqualTo(new Verdict(Answer.PAUSE, "space_cap", MIDNIGHT, 0L));
        assertThat(decide(one, reject, pause, queue)).isEqualTo(new Verdict(Answer.REJECT, "member_cap", MIDNIGHT, 0L));
    }

    @Test
    void shouldNameTheFirstOfSeveralEquallyRestrictiveAndTheLatestReset() {
        HeldLimit user = limit(Scope.USER, Window.DAY, "actions", 5, 5, 0, Beyond.QUEUE, MIDNIGHT);
        HeldLimit pool = limit(Scope.USER, Window.PERIOD, "credits", 5, 3, 0, Beyond.QUEUE, PERIOD_END);
        Map<String, Long> amounts = Map.of("actions", 1L, "credits", 3L);

        assertThat(decide(amounts, user, pool)).isEqualTo(new Verdict(Answer.QUEUE, "user_limit", PERIOD_END, 0L));
        assertThat(decide(amounts, pool, user)).isEqualTo(new Verdict(Answer.QUEUE, "pool_empty", PERIOD_END, 0L));
    }

    @Test
    void shouldTakeTheResetOnlyOfLimitsWithoutRoom() {
        HeldLimit user = limit(Scope.USER, Window.DAY, "actions", 5, 5, 0, Beyond.PAUSE, MIDNIGHT);
        HeldLimit pool = limit(Scope.USER, Window.PERIOD, "credits", 100, 3, 0, Beyond.REJECT, PERIOD_END);
        HeldLimit billed = limit(Scope.ORG, Window.PERIOD, "credits", 1, 3, 0, Beyond.BILL, PERIOD_END);

        assertThat(decide(Map.of("actions", 1L, "credits", 3L), user, pool, billed))
                .isEqualTo(new Verdict(Answer.PAUSE, "user_limit", MIDNIGHT, 0L));
    }

    @Test
    void shouldNotMindLimitsOfOtherMeters() {
        HeldLimit full = limit(Scope.USER, Window.DAY, "tokens", 5, 9, 0, Beyond.REJECT, MIDNIGHT);
        HeldLimit running = limit(Scope.USER, Window.CONCURRENT, "tokens", 1, 0, 1, Beyond.REJECT, null);

        assertThat(decide(Map.of("actions", 1L), full, running)).isEqualTo(new Verdict(Answer.ADMIT, null, null, null));
    }

    @ParameterizedTest
    @CsvSource({
        "USER, DAY, user_limit",
        "USER, PERIOD, pool_empty",
        "USER, CONCURRENT, concurrency",
        "MEMBER, DAY, member_cap",
        "MEMBER, PERIOD, member_cap",
        "MEMBER, CONCURRENT, concurrency",
        "SPACE, DAY, space_cap",
        "SPACE, PERIOD, space_cap",
        "SPACE, CONCURRENT, concurrency",
        "ORG, DAY, org_limit",
        "ORG, PERIOD, pool_empty",
        "ORG, CONCURRENT, concurrency"
    })
    void shouldNameTheLimit(Scope scope, Window window, String reason) {
        assertThat(decide(Map.of("m", 1L), limit(scope, window, "m", 0, 0, 0, Beyond.REJECT, null))
                        .reason())
                .isEqualTo(reason);
    }

    @Test
    void shouldLetNobodyOvertake() {
        Map<String, Long> one = Map.of("actions", 1L);
        HeldLimit room = limit(Scope.USER, Window.DAY, "actions", 5, 2, 1, Beyond.QUEUE, MIDNIGHT);

        assertThat(AdmissionRules.decide(one, List.of(room), Queue.EMPTY))
                .isEqualTo(new Verdict(Answer.ADMIT, null, null, 1L));
        assertThat(AdmissionRules.decide(one, List.of(room), Queue.WAITING))
                .isEqualTo(new Verdict(Answer.QUEUE, "queued_behind", null, 2L));
        assertThat(AdmissionRules.decide(one, List.of(room), Queue.FULL))
                .isEqualTo(new Verdict(Answer.REJECT, "queue_full", null, 2L));
    }

    @ParameterizedTest
    @EnumSource
    void shouldAnswerPauseAndRejectWhateverWaits(Queue queue) {
        Map<String, Long> one = Map.of("actions", 1L);
        HeldLimit pause = limit(Scope.USER, Window.DAY, "actions", 5, 5, 0, Beyond.PAUSE, MIDNIGHT);
        HeldLimit wait = limit(Scope.USER, Window.DAY, "actions", 5, 5, 0, Beyond.QUEUE, MIDNIGHT);

        assertThat(AdmissionRules.decide(one, List.of(wait, pause), queue))
                .isEqualTo(new Verdict(Answer.PAUSE, "user_limit", MIDNIGHT, 0L));
        assertThat(AdmissionRules.decide(one, List.of(wait), queue))
                .isEqualTo(new Verdict(
                        queue == Queue.FULL ? Answer.REJECT : Answer.QUEUE,
                        queue == Queue.FULL ? "queue_full" : "user_limit",
                        MIDNIGHT,
                        0L));
    }

    @Test
    void shouldTellTheLeastThatRemains() {
        HeldLimit user = limit(Scope.USER, Window.DAY, "actions", 500, 41, 2, Beyond.QUEUE, MIDNIGHT);
        HeldLimit pool = limit(Scope.USER, Window.PERIOD, "credits", 5_000, 100, 0, Beyond.REJECT, PERIOD_END);

        assertThat(decide(Map.of("actions", 1L, "credits", 4_800L), user, pool).remaining())
                .isEqualTo(100);
        assertThat(decide(Map.of("actions", 1L, "credits", 4L), user, pool).remaining())
                .isEqualTo(456);
    }

    private static Verdict decide(Map<String, Long> amounts, HeldLimit... limits) {
        return AdmissionRules.decide(amounts, List.of(limits), Queue.EMPTY);
    }

    private static HeldLimit pool(long limit, long used, long held, Beyond beyond) {
        return limit(Scope.ORG, Window.PERIOD, "credits", limit, used, held, beyond, PERIOD_END);
    }

    private static HeldLimit limit(
            Scope scope,
            Window window,
            String meter,
            long limit,
            long used,
            long held,
            Beyond beyond,
            @Nullable Instant resetsAt) {
        return new HeldLimit(new LimitStanding(scope, "x", meter, window, limit, used, beyond, resetsAt), held);
    }
}
