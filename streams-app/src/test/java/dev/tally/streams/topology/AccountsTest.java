package dev.tally.streams.topology;

import static dev.tally.streams.topology.Fixtures.ANCHOR;
import static dev.tally.streams.topology.Fixtures.TODAY;
import static dev.tally.streams.topology.Fixtures.action;
import static dev.tally.streams.topology.Fixtures.at;
import static dev.tally.streams.topology.Fixtures.enterprise;
import static dev.tally.streams.topology.Fixtures.starter;
import static dev.tally.streams.topology.Fixtures.subscription;
import static dev.tally.streams.topology.Fixtures.text;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.keys.Subject;
import dev.tally.schemas.AlertKind;
import dev.tally.schemas.Allocation;
import dev.tally.schemas.Beyond;
import dev.tally.schemas.BillableFact;
import dev.tally.schemas.FactKind;
import dev.tally.schemas.Limit;
import dev.tally.schemas.LimitWindow;
import dev.tally.schemas.Membership;
import dev.tally.schemas.MembershipStatus;
import dev.tally.schemas.Plan;
import dev.tally.schemas.QuotaAlert;
import dev.tally.schemas.Role;
import dev.tally.schemas.Scope;
import dev.tally.schemas.UsageSnapshot;
import dev.tally.streams.state.CatalogueKind;
import dev.tally.streams.state.Engine;
import dev.tally.streams.state.IntervalCharge;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Limits, alerts, pools and billing of the accounts stage, fed through the intake. */
@ParameterizedClass
@EnumSource(Engine.class)
class AccountsTest {

    private final Engine engine;

    AccountsTest(Engine engine) {
        this.engine = engine;
    }

    @TempDir
    Path stateDir;

    private Pipeline pipeline;

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
    void shouldChargeThePoolOnlyForWhatTheOrgPays() {
        // Given a Pro-like user in an org with a pooled plan
        subscribe("user:u1", starter());
        subscribe("org:o1", enterprise());

        // When
        for (int i = 1; i <= 30; i++) {
            pipeline.action(action("own" + i, "u1", null, Map.of()));
            pipeline.action(action("org" + i, "u1", "o1", Map.of()));
        }

        // Then
        Map<String, UsageSnapshot> usage = pipeline.usage();
        UsageSnapshot user = Fixtures.snapshot(usage, "user:u1/actions/DAY/2026-11-21T00:00:00Z");
        assertThat(user.getUsed()).isEqualTo(60);
        assertThat(user.getLimitUsed()).isEqualTo(30);
        UsageSnapshot org = Fixtures.snapshot(usage, "org:o1/actions/PERIOD/2026-11-01T00:00:00Z");
        assertThat(org.getUsed()).isEqualTo(30);
        assertThat(org.getLimitUsed()).isEqualTo(30);
        assertThat(org.getLimit()).isEqualTo(100L);
    }

    @Test
    void shouldBillOverageOnceItsIntervalIsClosed() {
        // Given an org whose period includes 100 actions
        subscribe("org:o1", enterprise());

        // When
        for (int i = 1; i <= 130; i++) {
            pipeline.action(action("e" + i, "u" + i, "o1", Map.of()));
        }
        pipeline.pass(Duration.ofSeconds(30));
        List<BillableFact> open = pipeline.facts();
        for (int i = 0; i < 400; i++) {
            pipeline.pass(Duration.ofSeconds(1));
        }
        List<BillableFact> closed = pipeline.facts();

        // Then
        assertThat(open).isEmpty();
        assertThat(closed).hasSize(1);
        BillableFact fact = closed.get(0);
        assertThat(fact.getAmount()).isEqualTo(30);
        assertThat(fact.getKind()).isEqualTo(FactKind.USAGE);
        assertThat(fact.getSequence()).isEqualTo(1);
        assertThat(fact.getEventName()).isEqualTo("tally_actions");
        assertThat(fact.getStripeCustomerId()).isEqualTo("cus_1");
        assertThat(fact.getIntervalStart()).isEqualTo(Pipeline.START);
        assertThat(fact.getIntervalEnd()).isEqualTo(Pipeline.START.plusSeconds(300));
        assertThat(fact.getCatalogVersion()).isEqualTo("enterprise@1");
    }

    @Test
    void shouldBillOnlyTheDifferenceWhenALaterActionFallsIntoAClosedInterval() {
        // Given
        subscribe("org:o1", enterprise());
        for (int i = 1; i <= 101; i++) {
            pipeline.action(action("e" + i, "u" + i, "o1", Map.of()));
        }
        for (int i = 0; i < 400; i++) {
            pipeline.pass(Duration.ofSeconds(1));
        }
        BillableFact first = pipeline.facts().get(0);

        // When
        pipeline.action(action("straggler", "u1", "o1", Map.of()));
        pipeline.pass(Duration.ofSeconds(10));

        // Then
        List<BillableFact> more = pipeline.facts();
        assertThat(more).hasSize(1);
        assertThat(more.get(0).getAmount()).isEqualTo(1);
        assertThat(more.get(0).getRevision()).isEqualTo(1);
        assertThat(more.get(0).getKind()).isEqualTo(FactKind.CORRECTION);
        assertThat(more.get(0).getSequence()).isEqualTo(2);
        assertThat(more.get(0).getIdentifier()).isNotEqualTo(first.getIdentifier());
        assertThat(more.get(0).getTimestamp()).isNotEqualTo(first.getTimestamp());
        assertThat(pipeline.figures().facts(FactKind.USAGE)).isEqualTo(1);
        assertThat(pipeline.figures().facts(FactKind.CORRECTION)).isEqualTo(1);
    }

    @Test
    void shouldGiveAPoolForEachSeat() {
        // Given
        subscribe(
                "org:o1",
                Plan.newBuilder(enterprise())
                        .setAllocations(List.of(new Allocation("actions", 10L, 5L)))
                        .build());
        for (String user : List.of("a", "b", "c")) {
            pipeline.put(new Membership("o1", user, Role.MEMBER, MembershipStatus.ACCEPTED, null, ANCHOR, null));
        }
        pipeline.put(new Membership("o1", "d", Role.MEMBER, MembershipStatus.INVITED, null, null, null));

        // When
        pipeline.action(action("e1", "a", "o1", Map.of()));

        // Then
        assertThat(pipeline.usage("org:o1/actions/PERIOD/2026-11-01T00:00:00Z").getLimit())
                .isEqualTo(25L);
    }

    @Test
    void shouldAlertOnceAtEachThreshold() {
        // Given
        subscribe("user:u1", starter());

        // When
        for (int i = 1; i <= 150; i++) {
            pipeline.action(action("e" + i, "u1", null, Map.of()));
        }

        // Then
        List<QuotaAlert> alerts = pipeline.alerts();
        assertThat(alerts)
                .extracting(QuotaAlert::getKind)
                .containsExactly(AlertKind.WARNING, AlertKind.REACHED, AlertKind.EXCEEDED);
        assertThat(alerts).extracting(QuotaAlert::getCause).containsExactly("e80", "e100", "e101");
        assertThat(alerts).extracting(QuotaAlert::getUsed).containsExactly(80L, 100L, 101L);
        assertThat(alerts.get(0).getLate()).isFalse();
        assertThat(pipeline.figures().alerts(AlertKind.REACHED)).isEqualTo(1);
        assertThat(pipeline.usage("user:u1/actions/DAY/2026-11-21T00:00:00Z").getLimit())
                .isEqualTo(100L);
    }

    @Test
    void shouldKeepInvalidCatalogueRecordsAside() {
        // Given
        Plan negative = Plan.newBuilder(starter())
                .setLimits(List.of(new Limit(Scope.USER, "actions", LimitWindow.DAY, -1L, Beyond.PAUSE, List.of(80))))
                .build();

        // When
        pipeline.put(negative);

        // Then
        assertThat(pipeline.deadLetters())
                .extracting(letter -> text(letter.headers(), "tally.reason"))
                .containsExactly("invalid_catalogue");
        assertThat(pipeline.figures().refused(CatalogueKind.PLAN)).isEqualTo(1);
        assertThat(pipeline.figures().refused(CatalogueKind.METER)).isZero();
    }

    private void subscribe(String subject, Plan plan) {
        pipeline.put(plan);
        pipeline.put(subscription(subject, plan));
    }

    @Test
    void shouldLetIntervalsWaitForTheirPlanAndCloseTheOthers() {
        // Given an org whose plan has not arrived, with overage, and one whose plan has
        pipeline.put(subscription("org:o1", enterprise()));
        for (int i = 1; i <= 130; i++) {
            pipeline.action(action("e" + i, "u" + i, "o1", Map.of()));
        }
        passMinutes(7);

        // When
        assertThat(pipeline.facts()).isEmpty();
        assertThat(pipeline.openIntervals())
                .hasSize(1)
                .allMatch(key -> key.compareTo(IntervalCharge.firstWaitingKey()) >= 0);
        pipeline.put(enterprise());
        passMinutes(1);

        // Then
        assertThat(pipeline.facts()).extracting(BillableFact::getAmount).containsExactly(30L);
        assertThat(pipeline.openIntervals()).isEmpty();
    }

    @Test
    void shouldKeepWhatIsOwedBeyondTheRetention() {
        // Given overage that waits for its plan
        pipeline.put(subscription("org:o1", enterprise()));
        for (int i = 1; i <= 130; i++) {
            pipeline.action(action("e" + i, "u" + i, "o1", Map.of()));
        }

        // When the period is long past its retention, and windows have expired
        for (int day = 1; day <= 60; day++) {
            pipeline.pass(Duration.ofDays(1));
            pipeline.action(at(action("d" + day, "other", null, Map.of()), pipeline.now()));
            pipeline.pass(Duration.ofSeconds(2));
        }
        assertThat(pipeline.day(Subject.user("u1"), "actions", TODAY)).isZero();
        pipeline.put(enterprise());
        passMinutes(1);

        // Then
        assertThat(pipeline.facts()).extracting(BillableFact::getAmount).containsExactly(30L);
    }

    private void passMinutes(int minutes) {
        for (int second = 0; second < 60 * minutes; second++) {
            pipeline.pass(Duration.ofSeconds(1));
        }
    }
}
