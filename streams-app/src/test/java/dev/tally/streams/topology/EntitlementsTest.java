package dev.tally.streams.topology;

import static dev.tally.streams.topology.Fixtures.ANCHOR;
import static dev.tally.streams.topology.Fixtures.action;
import static dev.tally.streams.topology.Fixtures.at;
import static dev.tally.streams.topology.Fixtures.enterprise;
import static dev.tally.streams.topology.Fixtures.starter;
import static dev.tally.streams.topology.Fixtures.subscription;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.AlertKind;
import dev.tally.schemas.Allocation;
import dev.tally.schemas.Beyond;
import dev.tally.schemas.BillableFact;
import dev.tally.schemas.Caps;
import dev.tally.schemas.FactKind;
import dev.tally.schemas.Grant;
import dev.tally.schemas.Limit;
import dev.tally.schemas.LimitWindow;
import dev.tally.schemas.Membership;
import dev.tally.schemas.MembershipStatus;
import dev.tally.schemas.Phase;
import dev.tally.schemas.Plan;
import dev.tally.schemas.QuotaAlert;
import dev.tally.schemas.Role;
import dev.tally.schemas.Scope;
import dev.tally.schemas.SeatChange;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.SubscriptionStatus;
import dev.tally.schemas.UsageSnapshot;
import dev.tally.streams.state.Engine;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.assertj.core.groups.Tuple;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Grants, pools, caps, seats, changes of plans and what they do to alerts, fed through the intake. */
@ParameterizedClass
@EnumSource(Engine.class)
@Execution(ExecutionMode.CONCURRENT)
class EntitlementsTest {

    private static final String NOVEMBER = "org:o1/actions/PERIOD/2026-11-01T00:00:00Z";

    private final Engine engine;

    EntitlementsTest(Engine engine) {
        this.engine = engine;
    }

    @TempDir
    Path stateDir;

    private Pipeline pipeline;
    private int events;

    @BeforeEach
    void start() {
        pipeline = new Pipeline(stateDir, engine);
        pipeline.put(Fixtures.actions());
        pipeline.put(Fixtures.tokens());
    }

    @AfterEach
    void stop() {
        pipeline.close();
    }

    @Test
    void shouldRaiseAgainWhatAChangeOfLimitHasEnded() {
        // Given a limit of 100 that is reached
        subscribe("user:u1", starter());
        act("u1", null, 100);

        // When it is raised to 1,000 and lowered again the same day
        limit("user:u1", starter(), 1_000);
        limit("user:u1", starter(), 100);

        // Then
        List<QuotaAlert> alerts = pipeline.alerts();
        assertThat(alerts)
                .extracting(QuotaAlert::getKind, QuotaAlert::getThreshold, QuotaAlert::getEpoch)
                .containsExactly(
                        Tuple.tuple(AlertKind.WARNING, 80, 0),
                        Tuple.tuple(AlertKind.REACHED, 100, 0),
                        Tuple.tuple(AlertKind.RECOVERED, 100, 0),
                        Tuple.tuple(AlertKind.WARNING, 80, 1),
                        Tuple.tuple(AlertKind.REACHED, 100, 1));
        assertThat(alerts).extracting(QuotaAlert::getAlertId).doesNotHaveDuplicates();
        assertThat(alerts.get(2).getCause()).isEqualTo("catalogue");
        assertThat(alerts.get(2).getLimit()).isEqualTo(1_000);
    }

    @Test
    void shouldJudgeByANewPlanOnceItsPhaseBegins() {
        // Given a plan of 100 a day that is reached, and one of 500 that begins in ten minutes
        subscribe("user:u1", starter());
        act("u1", null, 100);
        Plan pro = Plan.newBuilder(starter())
                .setPlanId("pro")
                .setLimits(List.of(new Limit(Scope.USER, "actions", LimitWindow.DAY, 500L, Beyond.QUEUE, List.of(80))))
                .build();
        pipeline.put(pro);
        pipeline.put(Subscription.newBuilder(subscription("user:u1", starter()))
                .setPhases(List.of(
                        new Phase("starter", 1, ANCHOR),
                        new Phase("pro", 1, pipeline.now().plus(Duration.ofMinutes(10)))))
                .build());
        pipeline.alerts();

        // When
        passMinutes(9);
        List<QuotaAlert> before = pipeline.alerts();
        passMinutes(2);

        // Then
        assertThat(before).isEmpty();
        assertThat(pipeline.alerts()).extracting(QuotaAlert::getKind).containsExactly(AlertKind.RECOVERED);
        assertThat(pipeline.usage("user:u1/actions/DAY/2026-11-21T00:00:00Z").getLimit())
                .isEqualTo(500L);
    }

    @Test
    void shouldJudgeSubscribersWhenTheRecordOfTheirPlanArrives() {
        // Given a subscription to a plan that is not there yet
        pipeline.put(subscription("user:u1", starter()));
        act("u1", null, 100);
        assertThat(pipeline.alerts()).isEmpty();

        // When
        pipeline.put(starter());
        passMinutes(1);

        // Then
        assertThat(pipeline.alerts())
                .extracting(QuotaAlert::getKind)
                .containsExactly(AlertKind.WARNING, AlertKind.REACHED);
    }

    @Test
    void shouldBurnATopUpBeforeTheAllocationAndKeepTheRest() {
        // Given a pool of 100 that bills beyond, and a top-up of 50
        subscribe("org:o1", enterprise());
        pipeline.put(new Grant("org:o1", "g1", "actions", 50L, Pipeline.START, null));

        // When
        act("u1", "o1", 160);
        passMinutes(7);

        // Then
        assertThat(pipeline.facts()).extracting(BillableFact::getAmount).containsExactly(10L);
        UsageSnapshot pool = pipeline.usage(NOVEMBER);
        assertThat(pool.getLimit()).isEqualTo(150);
        assertThat(pool.getLimitUsed()).isEqualTo(160);
    }

    @Test
    void shouldNotTakeBackOverageByALaterTopUp() {
        // Given overage of 10
        subscribe("org:o1", enterprise());
        act("u1", "o1", 110);

        // When
        pipeline.put(new Grant("org:o1", "g1", "actions", 50L, Pipeline.START, null));
        act("u1", "o1", 49);
        passMinutes(7);

        // Then nothing of the top-up went to what came before it
        assertThat(pipeline.facts()).extracting(BillableFact::getAmount).containsExactly(10L);
        assertThat(pipeline.alerts())
                .extracting(QuotaAlert::getKind)
                .containsExactly(
                        AlertKind.POOL_LOW,
                        AlertKind.REACHED,
                        AlertKind.EXCEEDED,
                        AlertKind.RECOVERED,
                        AlertKind.POOL_LOW);
        UsageSnapshot pool = pipeline.usage(NOVEMBER);
        assertThat(pool.getUsed()).isEqualTo(159);
        assertThat(pool.getLimit() - pool.getLimitUsed()).isEqualTo(1);
    }

    @Test
    void shouldTellOfATopUpThatBeginsWhenAnUsedUpOneHasEnded() {
        // Given a pool of 100 with a top-up of 50, all of it used and 10 more
        subscribe("org:o1", enterprise());
        Instant soon = pipeline.now().plus(Duration.ofMinutes(10));
        pipeline.put(new Grant("org:o1", "used", "actions", 50L, Pipeline.START, soon));
        pipeline.put(new Grant("org:o1", "next", "actions", 30L, soon.plusSeconds(1), null));
        act("u1", "o1", 160);
        pipeline.alerts();

        // When one ends and the other begins with no tick between
        pipeline.pass(Duration.ofMinutes(20));
        pipeline.pass(Duration.ofSeconds(1));

        // Then
        assertThat(pipeline.alerts())
                .extracting(QuotaAlert::getKind, QuotaAlert::getLimit, QuotaAlert::getUsed)
                .containsExactly(Tuple.tuple(AlertKind.RECOVERED, 180L, 150L));
    }

    @Test
    void shouldRaiseThePoolWithASeatAtOnceAndLowerItAtTheNextRefill() {
        // Given
        Plan perSeat = Plan.newBuilder(enterprise())
                .setAllocations(List.of(new Allocation("actions", 10L, 5L)))
                .build();
        subscribe("org:o1", perSeat);
        member("a", MembershipStatus.ACCEPTED);
        member("b", MembershipStatus.ACCEPTED);

        // When one of two is removed
        act("a", "o1", 1);
        member("b", MembershipStatus.REMOVED);
        act("a", "o1", 1);
        Long inNovember = pipeline.usage(NOVEMBER).getLimit();
        pipeline.pass(Duration.ofDays(10));
        pipeline.action(at(action("dec", "a", "o1", Map.of()), pipeline.now()));

        // Then
        assertThat(inNovember).isEqualTo(20);
        assertThat(pipeline.usage("org:o1/actions/PERIOD/2026-12-01T00:00:00Z").getLimit())
                .isEqualTo(15);
        assertThat(pipeline.seatChanges())
                .extracting(SeatChange::getQuantity, SeatChange::getVersion, SeatChange::getEffectiveAt)
                .containsExactly(
                        Tuple.tuple(1L, 1L, Fixtures.TODAY),
                        Tuple.tuple(2L, 2L, Fixtures.TODAY),
                        Tuple.tuple(1L, 3L, Fixtures.TODAY));
    }

    @Test
    void shouldAlertOfACapWhateverWasUsedBeforeItWasSet() {
        // Given a member who has used 8 before there is a cap of 10
        subscribe("org:o1", enterprise());
        act("a", "o1", 8);
        pipeline.put(Subscription.newBuilder(subscription("org:o1", enterprise()))
                .setCaps(new Caps(10L, null, Map.of("vip", 1_000L), Map.of()))
                .build());

        // When
        act("a", "o1", 3);
        act("vip", "o1", 11);

        // Then
        assertThat(pipeline.alerts())
                .extracting(QuotaAlert::getKind, QuotaAlert::getScope, QuotaAlert::getScopeId, QuotaAlert::getUsed)
                .containsExactly(
                        Tuple.tuple(AlertKind.WARNING, Scope.MEMBER, "a", 8L),
                        Tuple.tuple(AlertKind.REACHED, Scope.MEMBER, "a", 10L),
                        Tuple.tuple(AlertKind.EXCEEDED, Scope.MEMBER, "a", 11L));
    }

    @Test
    void shouldNeverBillWhatComesAfterACancellation() {
        // Given overage of 5 in an interval that is open
        subscribe("org:o1", enterprise());
        act("u1", "o1", 105);

        // When it is canceled
        pipeline.pass(Duration.ofSeconds(10));
        pipeline.put(Subscription.newBuilder(subscription("org:o1", enterprise()))
                .setStatus(SubscriptionStatus.CANCELED)
                .build());
        List<BillableFact> atOnce = pipeline.facts();
        pipeline.action(at(action("after", "u1", "o1", Map.of()), pipeline.now()));
        pipeline.action(at(action("before", "u1", "o1", Map.of()), Pipeline.START));
        passMinutes(7);

        // Then the interval closed at once, and what took place before it is still billed
        assertThat(atOnce).extracting(BillableFact::getAmount).containsExactly(5L);
        assertThat(pipeline.facts()).extracting(BillableFact::getAmount).containsExactly(1L);
    }

    @Test
    void shouldCarryWhatIsLateForItsInvoiceIntoTheOpenPeriod() {
        // Given an org whose November had used 98 of 100 and is over since two hours
        subscribe("org:o1", enterprise());
        act("u1", "o1", 98);
        pipeline.pass(Duration.between(pipeline.now(), Instant.parse("2026-12-01T02:00:00Z")));
        pipeline.action(at(action("december", "u2", "o1", Map.of()), pipeline.now()));
        passMinutes(7);
        assertThat(pipeline.facts()).isEmpty();

        // When five of its actions arrive
        for (int i = 0; i < 5; i++) {
            pipeline.action(at(action("late" + i, "u1", "o1", Map.of()), Instant.parse("2026-11-30T12:00:00Z")));
        }
        passMinutes(1);

        // Then the difference is billed in December, and December's allocation is untouched
        List<BillableFact> facts = pipeline.facts();
        assertThat(facts)
                .extracting(
                        BillableFact::getAmount,
                        BillableFact::getKind,
                        BillableFact::getPeriodStart,
                        BillableFact::getOriginPeriodStart)
                .containsExactly(Tuple.tuple(
                        3L,
                        FactKind.CORRECTION,
                        Instant.parse("2026-12-01T00:00:00Z"),
                        Instant.parse("2026-11-01T00:00:00Z")));
        // In a minute that no first fact of an interval of five minutes is charged at
        assertThat(facts.get(0).getTimestamp()).isEqualTo(Instant.parse("2026-12-01T02:04:00Z"));
        assertThat(pipeline.usage("org:o1/actions/PERIOD/2026-12-01T00:00:00Z").getLimitUsed())
                .isEqualTo(1);
    }

    @Test
    void shouldBillNoMoreThanTheCapOnOverage() {
        // Given
        pipeline.put(enterprise());
        pipeline.put(Subscription.newBuilder(subscription("org:o1", enterprise()))
                .setOverageCap(20L)
                .build());

        // When
        act("u1", "o1", 150);
        passMinutes(7);

        // Then
        assertThat(pipeline.facts()).extracting(BillableFact::getAmount).containsExactly(20L);
    }

    @Test
    void shouldTellAlertsOfADayAndAPeriodThatBeginTogetherApart() {
        // Given limits per day and per period, and a first day of a period that reaches both
        Plan both = Plan.newBuilder(starter())
                .setPlanId("both")
                .setLimits(List.of(
                        new Limit(Scope.USER, "actions", LimitWindow.DAY, 5L, Beyond.PAUSE, List.of()),
                        new Limit(Scope.USER, "actions", LimitWindow.PERIOD, 5L, Beyond.PAUSE, List.of())))
                .build();
        pipeline.put(both);
        pipeline.put(Subscription.newBuilder(subscription("user:u1", both))
                .setAnchor(Instant.parse("2026-11-21T00:00:00Z"))
                .setPhases(List.of(new Phase("both", 1, Instant.parse("2026-11-21T00:00:00Z"))))
                .build());

        // When
        act("u1", null, 5);

        // Then
        List<QuotaAlert> alerts = pipeline.alerts();
        assertThat(alerts).extracting(QuotaAlert::getKind).containsExactly(AlertKind.REACHED, AlertKind.REACHED);
        assertThat(alerts).extracting(QuotaAlert::getAlertId).doesNotHaveDuplicates();
    }

    private void subscribe(String subject, Plan plan) {
        pipeline.put(plan);
        pipeline.put(subscription(subject, plan));
    }

    private void limit(String subject, Plan plan, long amount) {
        pipeline.put(Subscription.newBuilder(subscription(subject, plan))
                .setOverrides(
                        List.of(new Limit(Scope.USER, "actions", LimitWindow.DAY, amount, Beyond.PAUSE, List.of(80))))
                .build());
    }

    private void member(String user, MembershipStatus status) {
        pipeline.put(new Membership("o1", user, Role.MEMBER, status, null, null, null));
    }

    private void act(String user, @Nullable String org, int times) {
        for (int i = 0; i < times; i++) {
            ActionEvent event = action("e" + events++, user, org, Map.of());
            pipeline.action(event);
        }
    }

    private void passMinutes(int minutes) {
        for (int second = 0; second < 60 * minutes; second++) {
            pipeline.pass(Duration.ofSeconds(1));
        }
    }
}
