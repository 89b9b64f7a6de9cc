package dev.tally.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.AdmissionCancel;
import dev.tally.schemas.AdmissionRequest;
import dev.tally.schemas.Allocation;
import dev.tally.schemas.Beyond;
import dev.tally.schemas.Grant;
import dev.tally.schemas.Limit;
import dev.tally.schemas.LimitWindow;
import dev.tally.schemas.MembershipStatus;
import dev.tally.schemas.PayerKind;
import dev.tally.schemas.Scope;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.Trigger;
import dev.tally.schemas.UsageSnapshot;
import dev.tally.schemas.UsageWindow;
import dev.tally.streams.entitlements.Model;
import dev.tally.streams.entitlements.Mutant;
import dev.tally.streams.entitlements.Said;
import dev.tally.streams.entitlements.Step;
import dev.tally.streams.entitlements.World;
import dev.tally.streams.state.Engine;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The cases that were computed by hand, of plans as the demo catalogue has them; each against the engine, and the model says the same. */
@Execution(ExecutionMode.CONCURRENT)
class EntitlementGoldenCasesTest {

    private static final String FIRST = "2026-01-01T00:00:00Z";
    private static final String NOVEMBER = "2026-11-01T00:00:00Z";
    private static final int TOGETHER = 5_000;

    @TempDir
    Path stateDir;

    private @Nullable EntitlementRig started;
    private @Nullable Model model;
    private final List<Said> said = new ArrayList<>();
    private int ids;

    @AfterEach
    void stop() {
        if (started != null) {
            assertThat(started.usage()).isEqualTo(model().usage());
            assertThat(started.billable()).isEqualTo(model().billable());
            started.close();
        }
    }

    @Test
    void shouldBillWhatAnEnterpriseUsesBeyondItsActions() {
        // Given
        start("2026-11-20T10:00:00Z");
        subscribe("org:e", FIRST, "enterprise");
        String november = Model.accountKey("org:e", "actions", Instant.parse(NOVEMBER));

        // When
        actions(100_000, "e", "2026-11-20T09:00:00Z");
        settle();

        // Then
        assertThat(rig().billable()).isEmpty();
        actions(1, "e", "2026-11-20T10:01:00Z");
        settle();
        assertThat(rig().billable()).isEqualTo(Map.of(november, 1L));
        actions(1_233, "e", "2026-11-20T10:02:00Z");
        settle();
        assertThat(rig().billable()).isEqualTo(Map.of(november, 1_234L));
    }

    @Test
    void shouldRateLateActionsAgainstTheirOwnPeriod() {
        // Given
        start("2026-10-31T12:00:00Z");
        subscribe("org:e", FIRST, "enterprise");
        actions(99_800, "e", "2026-10-31T11:00:00Z");
        passTo("2026-11-01T02:00:00Z");
        settle();
        assertThat(rig().billable()).isEmpty();

        // When
        actions(500, "e", "2026-10-31T20:00:00Z");
        settle();

        // Then
        Instant october = Instant.parse("2026-10-01T00:00:00Z");
        assertThat(rig().billable()).isEqualTo(Map.of(Model.accountKey("org:e", "actions", october), 300L));
        assertThat(rig().snapshot("org:e", "actions", UsageWindow.PERIOD, october.toString())
                        .getUsed())
                .isEqualTo(100_300);
    }

    @Test
    void shouldPoolTheSharesOfAllSeats() {
        // Given
        start("2026-11-10T00:00:00Z");
        team("org:t", "t", FIRST, "team");

        // When
        credits("m1", "t", 1, "2026-11-09T23:00:00Z");

        // Then
        assertThat(pool("org:t", NOVEMBER)).isEqualTo(14_000);
        assertThat(left("t")).isEqualTo(13_999);
    }

    @Test
    void shouldRaiseThePoolWithASeatAtOnceAndLowerItWithTheNextPeriod() {
        // Given
        start("2026-11-10T00:00:00Z");
        team("org:t", "t", FIRST, "team");

        // When
        passTo("2026-11-16T12:00:00Z");
        put(World.membership("t", "m6", MembershipStatus.ACCEPTED));
        credits("m1", "t", 1, "2026-11-16T11:00:00Z");
        assertThat(pool("org:t", NOVEMBER)).isEqualTo(15_000);
        passTo("2026-11-23T08:00:00Z");
        put(World.membership("t", "m6", MembershipStatus.REMOVED));
        credits("m1", "t", 1, "2026-11-23T07:00:00Z");
        assertThat(pool("org:t", NOVEMBER)).isEqualTo(15_000);
        passTo("2026-11-30T23:59:59Z");
        assertThat(left("t")).isEqualTo(14_998);
        passTo("2026-12-01T00:00:01Z");

        // Then
        assertThat(left("t")).isEqualTo(14_000);
        assertThat(said(Said.Seats.class))
                .extracting(Said.Seats::quantity, Said.Seats::version, Said.Seats::effectiveAt)
                .endsWith(
                        tuple(7L, 7L, Instant.parse("2026-11-16T00:00:00Z")),
                        tuple(6L, 8L, Instant.parse("2026-11-23T00:00:00Z")));
    }

    @Test
    void shouldRefillAYearlyPlanEachMonth() {
        // Given
        start("2026-11-10T00:00:00Z");
        team("org:t", "t", FIRST, "team-yearly");

        // When
        credits("m1", "t", 10_000, "2026-11-09T23:00:00Z");
        assertThat(left("t")).isEqualTo(4_000);
        passTo("2026-12-01T00:00:00Z");

        // Then
        assertThat(left("t")).isEqualTo(14_000);
    }

    @ParameterizedTest
    @CsvSource({"6000, 13000, 14000", "3000, 16000, 16000"})
    void shouldBurnATopUpFirstAndKeepItsRest(long used, long left, long afterReset) {
        // Given
        start("2026-11-10T00:00:00Z");
        team("org:t", "t", FIRST, "team");
        put(new Grant("org:t", "top-up", "credits", 5_000L, Instant.parse("2026-11-10T00:00:00Z"), null));
        pass(Duration.ofHours(1));

        // When
        credits("m1", "t", used, "2026-11-10T00:30:00Z");

        // Then
        assertThat(left("t")).isEqualTo(left);
        passTo("2026-12-01T00:00:00Z");
        assertThat(left("t")).isEqualTo(afterReset);
    }

    @Test
    void shouldTakeUsageBeyondAPoolAsExcessThatIsNeverBilled() {
        // Given
        start("2026-11-10T00:00:00Z");
        team("org:t", "t", FIRST, "team");
        credits("m1", "t", 14_000, "2026-11-09T23:00:00Z");

        // When
        credits("m2", "t", 50, "2026-11-09T23:30:00Z");
        settle();

        // Then
        assertThat(rig().billable()).isEmpty();
        assertThat(alerts("org:t", "credits")).containsExactly("POOL_LOW", "REACHED", "EXCEEDED");
        assertThat(ask("t", 1).reason()).isEqualTo("pool_empty");
        passTo("2026-12-01T00:00:00Z");
        assertThat(left("t")).isEqualTo(14_000);
    }

    @Test
    void shouldKeepAPersonalPlanAndAPoolOfOneUserApart() {
        // Given
        start("2026-11-10T20:00:00Z");
        subscribe("user:m1", FIRST, "pro");
        team("org:t", "t", FIRST, "team");

        // When
        for (int i = 0; i < 480; i++) {
            action("m1", null, 0, "2026-11-10T10:00:00Z");
            if (i < 300) {
                action("m1", "t", 1, "2026-11-10T10:00:00Z");
            }
        }

        // Then
        UsageSnapshot day = rig().snapshot("user:m1", "actions", UsageWindow.DAY, "2026-11-10T00:00:00Z");
        assertThat(day.getUsed()).isEqualTo(780);
        assertThat(day.getLimitUsed()).isEqualTo(480);
        assertThat(day.getLimit()).isEqualTo(500);
        assertThat(alerts("user:m1", "actions")).containsExactly("WARNING");
        assertThat(said(Said.Alert.class)).extracting(Said.Alert::used).containsExactly(400L);
        assertThat(left("t")).isEqualTo(13_700);
    }

    @Test
    void shouldReachALimitAgainAfterItWasRegained() {
        // Given
        start("2026-11-10T20:00:00Z");
        Subscription pro = subscribe("user:u", FIRST, "pro");
        for (int i = 0; i < 500; i++) {
            action("u", null, 0, "2026-11-10T10:00:00Z");
        }

        // When
        put(Subscription.newBuilder(pro)
                .setOverrides(List.of(World.limit(Scope.USER, "actions", LimitWindow.DAY, 1_000, Beyond.QUEUE)))
                .build());
        put(pro);

        // Then
        assertThat(alerts("user:u", "actions").stream().filter(kind -> !kind.equals("WARNING")))
                .containsExactly("REACHED", "RECOVERED", "REACHED");
        assertThat(said(Said.Alert.class).stream().filter(alert -> !alert.kind().equals("WARNING")))
                .extracting(Said.Alert::epoch)
                .containsExactly(0, 0, 1);
    }

    @ParameterizedTest
    @CsvSource({
        "2027-01-31T10:15:30Z, 2027-02-28T10:15:30Z, 2027-03-31T10:15:30Z, 2027-04-30T10:15:30Z",
        "2028-01-31T10:15:30Z, 2028-02-29T10:15:30Z, 2028-03-31T10:15:30Z, 2028-04-30T10:15:30Z",
        "2028-01-29T00:00:00Z, 2028-02-29T00:00:00Z, 2028-03-29T00:00:00Z, 2028-04-29T00:00:00Z"
    })
    void shouldBeginPeriodsOnTheDayOfTheAnchorOrTheLastOfTheMonth(
            String anchor, String first, String second, String third) {
        // Given
        start(Instant.parse(anchor).minusSeconds(60).toString());
        team("org:t", "t", anchor, "team");

        for (String border : List.of(anchor, first, second, third)) {
            // When
            Instant at = Instant.parse(border);
            passTo(at.plusSeconds(1).toString());
            if (!border.equals(anchor)) {
                credits("m1", "t", 2, at.minusMillis(1).toString());
            }
            credits("m1", "t", 3, at.toString());

            // Then
            assertThat(left("t")).isEqualTo(13_997);
        }
    }

    @Test
    void shouldBillAllThatAPayAsYouGoUserUses() {
        // Given
        start("2026-11-10T20:00:00Z");
        subscribe("user:u", FIRST, "payg");

        // When
        credits("u", null, 12_345, "2026-11-10T19:00:00Z");
        settle();

        // Then
        assertThat(rig().billable())
                .isEqualTo(Map.of(Model.accountKey("user:u", "credits", Instant.parse(NOVEMBER)), 12_345L));
    }

    @Test
    void shouldCountADayFromMidnightToMidnightAndResetInSilence() {
        // Given
        start("2028-02-29T23:00:00Z");
        subscribe("user:u", FIRST, "starter");
        for (int i = 0; i < 100; i++) {
            action("u", null, 0, "2028-02-29T22:00:00Z");
        }
        int alertsBefore = alerts("user:u", "actions").size();

        // When
        passTo("2028-03-01T00:00:01Z");
        action("u", null, 0, "2028-02-29T23:59:59.999Z");
        action("u", null, 0, "2028-03-01T00:00:00Z");

        // Then
        assertThat(rig().snapshot("user:u", "actions", UsageWindow.DAY, "2028-02-29T00:00:00Z")
                        .getUsed())
                .isEqualTo(101);
        assertThat(rig().snapshot("user:u", "actions", UsageWindow.DAY, "2028-03-01T00:00:00Z")
                        .getUsed())
                .isEqualTo(1);
        assertThat(alerts("user:u", "actions").subList(alertsBefore, alertsBefore + 1))
                .containsExactly("EXCEEDED");
        assertThat(alerts("user:u", "actions")).hasSize(alertsBefore + 1);
        assertThat(said(Said.Alert.class).get(alertsBefore).late()).isTrue();
    }

    private void start(String at) {
        started = new EntitlementRig(stateDir, Engine.FAST, Instant.parse(at));
        model = new Model(Instant.parse(at), Mutant.NONE);
        World.meters().forEach(this::put);
        put(World.plan(
                "starter",
                PayerKind.USER,
                List.of(
                        World.limit(Scope.USER, "actions", LimitWindow.DAY, 100, Beyond.PAUSE),
                        World.pool(Scope.USER, "credits", Beyond.REJECT)),
                new Allocation("credits", 500L, 0L)));
        put(World.plan(
                "pro",
                PayerKind.USER,
                List.of(
                        World.limit(Scope.USER, "actions", LimitWindow.DAY, 500, Beyond.QUEUE),
                        World.pool(Scope.USER, "credits", Beyond.REJECT)),
                new Allocation("credits", 5_000L, 0L)));
        put(World.plan("payg", PayerKind.USER, List.of(World.pool(Scope.USER, "credits", Beyond.BILL)), null));
        Limit pool = World.pool(Scope.ORG, "credits", Beyond.REJECT);
        put(World.plan("team", PayerKind.ORG, List.of(pool), new Allocation("credits", 8_000L, 1_000L)));
        put(World.plan("team-yearly", PayerKind.ORG, List.of(pool), new Allocation("credits", 8_000L, 1_000L)));
        put(World.plan(
                "enterprise",
                PayerKind.ORG,
                List.of(World.pool(Scope.ORG, "actions", Beyond.BILL)),
                new Allocation("actions", 100_000L, 0L)));
    }

    private EntitlementRig rig() {
        return Objects.requireNonNull(started);
    }

    private Model model() {
        return Objects.requireNonNull(model);
    }

    private void take(Step step) {
        List<Said> engine = rig().take(step);
        said.addAll(engine);
        assertThat(engine).containsExactlyInAnyOrderElementsOf(model().take(step));
    }

    private void put(SpecificRecord record) {
        take(new Step.Put(record));
    }

    private Subscription subscribe(String subject, String anchor, String planId) {
        Subscription subscription = World.subscription(subject, Instant.parse(anchor), planId);
        put(subscription);
        return subscription;
    }

    /** An owner and five members. */
    private void team(String subject, String orgId, String anchor, String planId) {
        subscribe(subject, anchor, planId);
        for (String member : List.of("owner", "m1", "m2", "m3", "m4", "m5")) {
            put(World.membership(orgId, member, MembershipStatus.ACCEPTED));
        }
    }

    private void pass(Duration duration) {
        take(new Step.Pass(duration));
    }

    private void passTo(String at) {
        pass(Duration.between(rig().now(), Instant.parse(at)));
    }

    /** Until whatever has ended is closed. */
    private void settle() {
        for (int i = 0; i < 5; i++) {
            pass(Duration.ofSeconds(1));
        }
        pass(Duration.ofMinutes(7));
        for (int i = 0; i < 3; i++) {
            pass(Duration.ofSeconds(1));
        }
    }

    private void actions(int count, String orgId, String at) {
        List<ActionEvent> together = new ArrayList<>();
        for (int i = 1; i <= count; i++) {
            together.add(event("u" + i % 100, orgId, 0, at));
            if (together.size() == TOGETHER || i == count) {
                take(new Step.Act(List.copyOf(together)));
                together.clear();
            }
        }
    }

    private void credits(String userId, @Nullable String orgId, long credits, String at) {
        action(userId, orgId, credits, at);
    }

    private void action(String userId, @Nullable String orgId, long credits, String at) {
        take(new Step.Act(List.of(event(userId, orgId, credits, at))));
    }

    private ActionEvent event(String userId, @Nullable String orgId, long credits, String at) {
        return new ActionEvent(
                "e" + ++ids,
                Instant.parse(at),
                userId,
                orgId,
                null,
                null,
                "message.send",
                Trigger.CHAT_COMMAND,
                false,
                credits == 0 ? Map.of() : Map.of("credits", credits),
                null,
                null);
    }

    /** The limit of the team's pool as it was last told. */
    private long pool(String subject, String periodStart) {
        return Objects.requireNonNull(rig().snapshot(subject, "credits", UsageWindow.PERIOD, periodStart)
                .getLimit());
    }

    private Said.Decision ask(String orgId, long credits) {
        int before = said(Said.Decision.class).size();
        take(new Step.Ask(new AdmissionRequest(
                "a" + ++ids, "org:" + orgId, "m1", orgId, null, Map.of("credits", credits), 1_000L)));
        List<Said.Decision> decisions = said(Said.Decision.class);
        assertThat(decisions).hasSize(before + 1);
        return decisions.get(before);
    }

    /** The most that would be admitted of the team's pool: one more is refused. */
    private long left(String orgId) {
        long left = model().poolLeft("org:" + orgId, "credits", rig().now()).orElseThrow();
        assertThat(ask(orgId, left + 1).decision()).isEqualTo("REJECT");
        Said.Decision admitted = ask(orgId, left);
        assertThat(admitted.decision()).isEqualTo("ADMIT");
        take(new Step.GiveUp(new AdmissionCancel(admitted.actionId(), admitted.payer())));
        return left;
    }

    private <T extends Said> List<T> said(Class<T> kind) {
        return said.stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    private List<String> alerts(String subject, String meter) {
        return said(Said.Alert.class).stream()
                .filter(alert ->
                        alert.subject().equals(subject) && alert.meter().equals(meter))
                .map(Said.Alert::kind)
                .toList();
    }
}
