package dev.tally.streams.topology;

import static dev.tally.streams.topology.AdmissionRig.HOLD;
import static dev.tally.streams.topology.AdmissionRig.START;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.keys.Subject;
import dev.tally.keys.Subject.Kind;
import dev.tally.schemas.AdmissionCancel;
import dev.tally.schemas.AdmissionDecision;
import dev.tally.schemas.AdmissionRequest;
import dev.tally.schemas.Decision;
import dev.tally.streams.metering.PlanTerms.Beyond;
import dev.tally.streams.metering.PlanTerms.Scope;
import dev.tally.streams.metering.PlanTerms.Window;
import dev.tally.streams.state.AdmissionState;
import dev.tally.streams.state.HeldAmount;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Requests, cancels, settlements and the passing of time, with limits that the test sets. */
class AdmissionsTest {

    private static final Subject USER = Subject.user("u");
    private static final Map<String, Long> ONE = Map.of("actions", 1L);
    private static final Instant MIDNIGHT = Instant.parse("2026-11-22T00:00:00Z");

    private final AdmissionRig rig = new AdmissionRig(3);

    @Test
    void shouldHoldWhatItAdmits() {
        limit(Window.DAY, 5, Beyond.PAUSE);

        AdmissionDecision decision = rig.request("a", Map.of("actions", 2L, "credits", 9L), START);

        assertThat(decision)
                .isEqualTo(AdmissionDecision.newBuilder()
                        .setActionId("a")
                        .setPayer("user:u")
                        .setUserId("u")
                        .setAmounts(Map.of("actions", 2L, "credits", 9L))
                        .setDecision(Decision.ADMIT)
                        .setRevision(0)
                        .setAt(START)
                        .setHoldUntil(START.plus(HOLD))
                        .setRemaining(3L)
                        .build());
        assertThat(rig.log).containsExactly(decision);
        assertThat(held(Scope.USER, "u", "actions")).isEqualTo(new HeldAmount(2, 1));
        assertThat(held(Scope.USER, "u", "credits")).isEqualTo(new HeldAmount(9, 1));
        assertThat(rig.admissions().openHolds(USER)).isEqualTo(1);
        assertThat(rig.admissions().hasOpen(USER)).isTrue();
    }

    @Test
    void shouldCountHoldsAgainstTheLimit() {
        limit(Window.DAY, 3, Beyond.PAUSE);
        rig.use(USER, "u", null, ONE, START);

        rig.request("a", ONE, START);
        rig.request("b", Map.of("actions", 2L), START);
        rig.request("c", ONE, START);
        AdmissionDecision last = rig.request("d", ONE, START);

        assertThat(rig.decided())
                .containsExactly("a ADMIT 0", "b PAUSE 0 user_limit", "c ADMIT 0", "d PAUSE 0 user_limit");
        assertThat(last.getRetryAt()).isEqualTo(MIDNIGHT);
        assertThat(last.getHoldUntil()).isNull();
        assertThat(last.getRemaining()).isZero();
    }

    @Test
    void shouldShowTheSameActionAgainAndDecideNothing() {
        limit(Window.DAY, 1, Beyond.PAUSE);
        AdmissionDecision first = rig.request("a", ONE, START);
        AdmissionDecision paused = rig.request("b", ONE, START);
        rig.log.clear();
        limit(Window.DAY, 9, Beyond.PAUSE);

        assertThat(rig.request("a", ONE, START.plusSeconds(1))).isEqualTo(first);
        assertThat(rig.request("b", Map.of("credits", 700L), START.plusSeconds(1)))
                .isEqualTo(paused);
        assertThat(rig.log).isEmpty();
        assertThat(held(Scope.USER, "u", "actions")).isEqualTo(new HeldAmount(1, 1));
    }

    @Test
    void shouldExpireAHoldAtItsEnd() {
        limit(Window.DAY, 1, Beyond.PAUSE);
        Instant asked = START.plusMillis(250);
        rig.request("a", ONE, asked);
        rig.decided();

        rig.tick(asked.plus(HOLD).minusMillis(1));
        assertThat(rig.decided()).isEmpty();
        Instant tick = asked.plus(HOLD).plusMillis(750);
        rig.tick(tick);

        assertThat(rig.board.getLast()).isEqualTo(rig.log.getLast());
        assertThat(rig.log.getLast())
                .isEqualTo(AdmissionDecision.newBuilder()
                        .setActionId("a")
                        .setPayer("user:u")
                        .setUserId("u")
                        .setAmounts(ONE)
                        .setDecision(Decision.EXPIRED)
                        .setRevision(1)
                        .setReason("hold_expired")
                        .setAt(tick)
                        .build());
        assertThat(rig.log).hasSize(1);
        assertThat(rig.admissions().hasOpen(USER)).isFalse();
        assertThat(rig.request("b", ONE, tick).getDecision()).isEqualTo(Decision.ADMIT);
    }

    @Test
    void shouldExpireAHoldWhenItsPayerAsksAtItsEnd() {
        limit(Window.DAY, 1, Beyond.PAUSE);
        rig.request("a", ONE, START);

        rig.request("b", ONE, START.plus(HOLD).minusMillis(1));
        rig.request("c", ONE, START.plus(HOLD));

        assertThat(rig.decided())
                .containsExactly("a ADMIT 0", "b PAUSE 0 user_limit", "a EXPIRED 1 hold_expired", "c ADMIT 0");
    }

    @Test
    void shouldNotSettleWhatHasExpired() {
        rig.request("a", ONE, START);

        rig.settle("a", Map.of("actions", 5L), START.plus(HOLD));

        assertThat(rig.decided()).containsExactly("a ADMIT 0", "a EXPIRED 1 hold_expired");
        assertThat(rig.figures.settledOver()).isZero();
    }

    @Test
    void shouldSettleAHoldOnce() {
        limit(Window.DAY, 3, Beyond.PAUSE);
        AdmissionDecision admitted = rig.request("a", Map.of("actions", 2L), START);

        rig.settle("a", ONE, START.plusSeconds(1));
        rig.use(USER, "u", null, ONE, START);
        rig.settle("a", Map.of("actions", 9L), START.plusSeconds(2));

        assertThat(rig.request("a", ONE, START.plusSeconds(3))).isEqualTo(admitted);
        assertThat(rig.log).containsExactly(admitted);
        assertThat(held(Scope.USER, "u", "actions")).isEqualTo(HeldAmount.NONE);
        assertThat(rig.admissions().hasOpen(USER)).isFalse();
        assertThat(rig.request("b", Map.of("actions", 2L), START).getDecision()).isEqualTo(Decision.ADMIT);
        rig.tick(START.plus(HOLD));
        assertThat(rig.decided()).containsExactly("a ADMIT 0", "b ADMIT 0", "b EXPIRED 1 hold_expired");
        assertThat(rig.figures.settledOver()).isZero();
    }

    @Test
    void shouldSayOfWhatIsAskedForAgainWhetherItIsOver() {
        AdmissionDecision admitted = rig.request("a", ONE, START);

        rig.request("a", ONE, START);
        rig.settle("a", ONE, START.plusSeconds(1));
        rig.request("a", ONE, START.plusSeconds(2));
        rig.cancel("a", START.plusSeconds(3));

        assertThat(rig.over).containsExactly(false, true, true);
        assertThat(rig.board).containsOnly(admitted);
    }

    @Test
    void shouldCountWhatIsSettledOver() {
        rig.request("a", Map.of("actions", 1L, "credits", 3L), START);
        rig.request("b", Map.of("actions", 1L, "credits", 3L), START);
        rig.request("c", ONE, START);

        rig.settle("a", Map.of("actions", 1L, "credits", 4L), START);
        rig.settle("b", Map.of("actions", 1L, "credits", 3L), START);
        rig.settle("c", Map.of("actions", 1L, "credits", 1_000L), START);
        rig.settle("unknown", Map.of("actions", 1_000L), START);

        assertThat(rig.figures.settledOver()).as("of what was held").isEqualTo(1);
        assertThat(rig.admissions().openHolds(USER)).isZero();
    }

    @Test
    void shouldQueueWithoutOvertaking() {
        limit(Window.DAY, 5, Beyond.QUEUE);
        rig.request("a", Map.of("actions", 4L), START);

        AdmissionDecision head = rig.request("b", Map.of("actions", 2L), START);
        AdmissionDecision behind = rig.request("c", ONE, START);
        rig.request("d", ONE, START);
        rig.request("e", ONE, START);

        assertThat(rig.decided())
                .containsExactly(
                        "a ADMIT 0",
                        "b QUEUE 0 user_limit",
                        "c QUEUE 0 queued_behind",
                        "d QUEUE 0 queued_behind",
                        "e REJECT 0 queue_full");
        assertThat(head.getRetryAt()).isEqualTo(MIDNIGHT);
        assertThat(head.getRemaining()).isEqualTo(1);
        assertThat(behind.getRetryAt()).isNull();
    }

    @Test
    void shouldReleaseInOrderAsFarAsItFits() {
        limit(Window.DAY, 5, Beyond.QUEUE);
        rig.use(USER, "u", null, Map.of("actions", 5L), START);
        rig.request("a", Map.of("actions", 2L), START);
        rig.request("b", Map.of("actions", 4L), START);
        rig.request("c", ONE, START);
        rig.decided();

        rig.tick(MIDNIGHT);

        assertThat(rig.decided()).containsExactly("a ADMIT 1");
        AdmissionDecision released = rig.board.getLast();
        assertThat(released.getAt()).isEqualTo(MIDNIGHT);
        assertThat(released.getHoldUntil()).isEqualTo(MIDNIGHT.plus(HOLD));
        assertThat(released.getRetryAt()).isNull();

        // When what is held for a becomes less usage
        rig.settle("a", ONE, MIDNIGHT.plusSeconds(1));
        rig.use(USER, "u", null, ONE, MIDNIGHT);
        rig.admissions().reconsider(USER, MIDNIGHT.plusSeconds(1));

        assertThat(rig.decided()).containsExactly("b ADMIT 1");
        rig.tick(MIDNIGHT.plusSeconds(1).plus(HOLD));
        assertThat(rig.decided()).containsExactly("b EXPIRED 2 hold_expired", "c ADMIT 1");
    }

    @Test
    void shouldDecideTheFirstOfTheQueueAgainWhenTheRulesHaveChanged() {
        limit(Window.DAY, 0, Beyond.QUEUE);
        rig.request("a", ONE, START);
        rig.request("b", ONE, START);
        rig.request("c", ONE, START);
        rig.decided();

        limit(Window.DAY, 0, Beyond.PAUSE);
        rig.admissions().reconsider(USER, START);

        assertThat(rig.decided())
                .containsExactly("a PAUSE 1 user_limit", "b PAUSE 1 user_limit", "c PAUSE 1 user_limit");
        assertThat(rig.admissions().hasOpen(USER)).isFalse();

        // Likewise where nothing of the payer is admitted any more
        limit(Window.DAY, 0, Beyond.QUEUE);
        rig.request("d", ONE, START);
        rig.notMembers.add("u");
        rig.admissions().reconsider(USER, START);
        rig.request("e", ONE, START);

        assertThat(rig.decided())
                .containsExactly("d QUEUE 0 user_limit", "d REJECT 1 not_a_member", "e REJECT 0 not_a_member");
    }

    @Test
    void shouldGiveUpWaitingAfterADay() {
        limit(Window.DAY, 0, Beyond.QUEUE);
        rig.request("a", ONE, START);
        rig.request("b", ONE, START.plusSeconds(2));
        rig.decided();

        rig.tick(START.plus(Duration.ofHours(24)).minusMillis(1));
        assertThat(rig.decided()).isEmpty();
        rig.tick(START.plus(Duration.ofHours(24)));

        assertThat(rig.decided()).containsExactly("a EXPIRED 1 queue_expired");
        rig.tick(START.plusSeconds(2).plus(Duration.ofHours(24)));
        assertThat(rig.decided()).containsExactly("b EXPIRED 1 queue_expired");
    }

    @Test
    void shouldCancelAHoldAndReleaseWhoWaitsForIt() {
        limit(Window.CONCURRENT, 1, Beyond.QUEUE);
        rig.request("a", ONE, START);
        rig.request("b", ONE, START);

        rig.cancel("a", START.plusSeconds(1));
        rig.cancel("a", START.plusSeconds(2));
        rig.cancel("unknown", START.plusSeconds(2));

        assertThat(rig.decided()).containsExactly("a ADMIT 0", "b QUEUE 0 concurrency", "a CANCELED 1", "b ADMIT 1");
        assertThat(AdmissionRig.text(rig.board.getLast())).as("shown again").isEqualTo("a CANCELED 1");
        assertThat(rig.board).hasSize(5);
    }

    @Test
    void shouldCancelWhoWaits() {
        limit(Window.CONCURRENT, 1, Beyond.QUEUE);
        rig.request("a", ONE, START);
        rig.request("b", ONE, START);
        rig.request("c", ONE, START);
        rig.request("d", ONE, START);
        rig.cancel("b", START);
        rig.cancel("c", START);
        rig.decided();

        rig.settle("a", ONE, START);
        rig.admissions().reconsider(USER, START);
        rig.request("e", ONE, START);

        assertThat(rig.decided()).containsExactly("d ADMIT 1", "e QUEUE 0 concurrency");
    }

    @Test
    void shouldNotCancelWhatIsSettled() {
        rig.request("a", ONE, START);
        rig.settle("a", ONE, START);

        rig.cancel("a", START.plusSeconds(1));

        assertThat(rig.decided()).containsExactly("a ADMIT 0");
        assertThat(rig.board).hasSize(2);
    }

    @Test
    void shouldHoldForPayerMemberAndSpace() {
        Subject org = Subject.org("o");
        rig.request(new AdmissionRequest("a", "org:o", "u", "o", "s", Map.of("credits", 7L), HOLD.toMillis()), START);
        rig.request(new AdmissionRequest("b", "org:o", "v", "o", null, Map.of("credits", 5L), HOLD.toMillis()), START);

        assertThat(rig.admissions().held(org, Scope.ORG, "o", "credits")).isEqualTo(new HeldAmount(12, 2));
        assertThat(rig.admissions().held(org, Scope.MEMBER, "u", "credits")).isEqualTo(new HeldAmount(7, 1));
        assertThat(rig.admissions().held(org, Scope.MEMBER, "v", "credits")).isEqualTo(new HeldAmount(5, 1));
        assertThat(rig.admissions().held(org, Scope.SPACE, "s", "credits")).isEqualTo(new HeldAmount(7, 1));
        assertThat(HeldAmount.read(rig.store, org, Scope.ORG, "o", "tokens")).isEqualTo(HeldAmount.NONE);
        assertThat(held(Scope.USER, "u", "credits")).as("another payer").isEqualTo(HeldAmount.NONE);
    }

    @ParameterizedTest
    @CsvSource({
        "user:u, u, 0, 600000",
        "user:u, u, -1, 600000",
        "user:u, u, 1000000000001, 600000",
        "user:u, u, 1, 0",
        "user:u, u, 1, -5",
        "user:u, u, 1, 86400001",
        "user:u, '', 1, 600000",
        "user:u, other, 1, 600000",
        "org:o, u, 1, 600000"
    })
    void shouldRejectWhatBreaksTheRules(String payer, String userId, long amount, long holdFor) {
        AdmissionRequest request =
                new AdmissionRequest("a", payer, userId, null, null, Map.of("actions", amount), holdFor);

        AdmissionDecision decision = rig.request(request, START);

        assertThat(AdmissionRig.text(decision)).isEqualTo("a REJECT 0 invalid_request");
        assertThat(rig.request(request, START)).isEqualTo(decision);
        assertThat(rig.log).containsExactly(decision);
    }

    @ParameterizedTest
    @CsvSource({"nobody, a", "user:, a", "user:%zz, a", "user:u, ''"})
    void shouldLeaveOutWhatNoAnswerCanBeKeptUnder(String payer, String actionId) {
        rig.admissions().request(new AdmissionRequest(actionId, payer, "u", null, null, ONE, HOLD.toMillis()), START);
        rig.admissions().cancel(new AdmissionCancel(actionId, payer), START);

        assertThat(rig.board).isEmpty();
        assertThat(rig.stored()).isZero();
        assertThat(rig.figures.unkept()).isEqualTo(2);
    }

    @Test
    void shouldNotReleaseWhatHasRunAllTheSame() {
        limit(Window.DAY, 1, Beyond.QUEUE);
        rig.request("a", ONE, START);
        rig.request("b", ONE, START);
        rig.request("c", ONE, START);
        rig.decided();

        // When the event of one that waits arrives, and the first gives up its place
        rig.settle("b", ONE, START);
        rig.cancel("a", START);

        // Then
        assertThat(rig.decided()).containsExactly("b CANCELED 1 event_arrived", "a CANCELED 1", "c ADMIT 1");
        assertThat(rig.admissions().openHolds(USER)).isEqualTo(1);
    }

    @Test
    void shouldForgetEverythingADayAfterItsLastChange() {
        limit(Window.DAY, 2, Beyond.QUEUE);
        rig.request("settled", ONE, START);
        rig.request("canceled", ONE, START);
        rig.request("queued", ONE, START);
        rig.settle("settled", ONE, START);
        rig.cancel("canceled", START);
        rig.decided();
        assertThat(rig.stored()).isPositive();

        Instant end = START.plus(HOLD).plus(Duration.ofHours(24));
        rig.tick(end.minusMillis(1));
        assertThat(rig.stored()).as("what expired is kept").isPositive();
        rig.tick(end);
        rig.tick(end.plus(Duration.ofHours(24)));

        assertThat(rig.stored()).isZero();
        assertThat(rig.wakes()).isZero();
        assertThat(rig.request("settled", ONE, end.plus(Duration.ofHours(24))).getRevision())
                .isZero();
    }

    @Test
    void shouldForgetAtTheMomentEvenWhereNoTickHasCome() {
        rig.request("a", ONE, START);
        rig.settle("a", ONE, START);

        rig.request("a", ONE, START.plus(Duration.ofHours(24)).minusMillis(1));
        rig.request("a", ONE, START.plus(Duration.ofHours(24)));

        assertThat(rig.decided()).containsExactly("a ADMIT 0", "a ADMIT 0");
    }

    @Test
    void shouldTakeManyExpiriesInSlices() {
        AdmissionRig many = new AdmissionRig(10_000);
        many.limits.add(
                new AdmissionRig.Limit(Kind.USER, Scope.USER, "actions", Window.CONCURRENT, 2_500, Beyond.QUEUE));
        for (int i = 0; i < 5_000; i++) {
            many.request(String.format("a%04d", i), ONE, START);
        }
        assertThat(many.admissions().openHolds(USER)).isEqualTo(2_500);
        many.decided();

        List<Integer> changed = new ArrayList<>();
        for (int tick = 0; tick < 11; tick++) {
            many.tick(START.plus(HOLD).plusSeconds(tick));
            changed.add(many.decided().size());
        }

        assertThat(many.admissions().openHolds(USER)).as("all that waited").isEqualTo(2_500);
        assertThat(changed).containsExactly(500, 500, 500, 500, 500, 500, 500, 500, 500, 500, 0);
    }

    @Test
    void shouldNotWakeAPayerForEachHold() {
        for (int i = 0; i < 1_000; i++) {
            rig.request("a" + i, ONE, START.plusMillis(i));
            rig.settle("a" + i, ONE, START.plusMillis(i));
        }

        assertThat(rig.wakes()).isEqualTo(1);
    }

    @Test
    void shouldReadAStateUnderItsKey() {
        AdmissionDecision decision = rig.request("a", ONE, START);

        assertThat(AdmissionState.fromBytes(rig.store.get(AdmissionState.key("user:u", "a")))
                        .decision())
                .isEqualTo(decision);
    }

    private HeldAmount held(Scope scope, String scopeId, String meter) {
        return rig.admissions().held(USER, scope, scopeId, meter);
    }

    private void limit(Window window, long amount, Beyond beyond) {
        rig.limits.clear();
        rig.limits.add(new AdmissionRig.Limit(Kind.USER, Scope.USER, "actions", window, amount, beyond));
    }
}
