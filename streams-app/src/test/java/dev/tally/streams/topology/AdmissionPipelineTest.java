package dev.tally.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.AdmissionCancel;
import dev.tally.schemas.AdmissionDecision;
import dev.tally.schemas.AdmissionRequest;
import dev.tally.schemas.Beyond;
import dev.tally.schemas.Decision;
import dev.tally.schemas.Grant;
import dev.tally.schemas.Limit;
import dev.tally.schemas.LimitWindow;
import dev.tally.schemas.Membership;
import dev.tally.schemas.MembershipStatus;
import dev.tally.schemas.Plan;
import dev.tally.schemas.Role;
import dev.tally.schemas.Scope;
import dev.tally.schemas.Subscription;
import dev.tally.streams.state.Engine;
import dev.tally.streams.state.Repetition;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Admissions through the real topology: from the subject log to the topic of decisions. */
class AdmissionPipelineTest {

    @TempDir
    Path stateDir;

    @ParameterizedTest
    @EnumSource
    void shouldDecideRequestsAndTellEachDecisionOnce(Engine engine) {
        try (Pipeline pipeline = withMember(stateDir, engine)) {
            // When
            pipeline.request(request("a", 600_000));
            pipeline.request(request("a", 600_000));

            // Then
            AdmissionDecision admitted = AdmissionDecision.newBuilder()
                    .setActionId("a")
                    .setPayer("org:o1")
                    .setUserId("u1")
                    .setOrgId("o1")
                    .setSpaceId("s1")
                    .setAmounts(Map.of("actions", 1L, "credits", 3L))
                    .setDecision(Decision.ADMIT)
                    .setRevision(0)
                    .setAt(Pipeline.START)
                    .setHoldUntil(Pipeline.START.plusSeconds(600))
                    .build();
            List<TestRecord<String, AdmissionDecision>> decisions = pipeline.decisions();
            assertThat(decisions).extracting(TestRecord::key).containsExactly("org:o1");
            assertThat(decisions).extracting(TestRecord::value).containsExactly(admitted);
            assertThat(pipeline.admission("org:o1", "a").decision()).isEqualTo(admitted);

            // When it is given up
            pipeline.cancel(new AdmissionCancel("a", "org:o1"));
            pipeline.cancel(new AdmissionCancel("a", "org:o1"));
            pipeline.cancel(new AdmissionCancel("unknown", "org:o1"));

            // Then
            assertThat(texts(pipeline)).containsExactly("a CANCELED 1");
            assertThat(pipeline.alerts()).isEmpty();
            assertThat(pipeline.deadLetters()).isEmpty();
        }
    }

    @Test
    void shouldTellADecisionAgainForAnotherInstanceThatAsks() {
        try (Pipeline pipeline = withMember(stateDir, Engine.FAST)) {
            // Given
            AdmissionRequest request = request("a", 600_000);
            AdmissionCancel cancel = new AdmissionCancel("a", "org:o1");
            pipeline.fromElsewhere("org:o1", request);
            pipeline.request(request);
            TestRecord<String, AdmissionDecision> first = pipeline.decisions().getFirst();

            // When
            pipeline.fromElsewhere("org:o1", request);
            List<TestRecord<String, AdmissionDecision>> again = pipeline.decisions();
            pipeline.fromElsewhere("org:o1", cancel);
            List<TestRecord<String, AdmissionDecision>> canceled = pipeline.decisions();
            pipeline.fromElsewhere("org:o1", cancel);
            pipeline.cancel(cancel);
            List<TestRecord<String, AdmissionDecision>> over = pipeline.decisions();

            // Then
            assertThat(Repetition.of(first.headers())).isEmpty();
            assertThat(again).singleElement().satisfies(record -> {
                assertThat(record.key()).isEqualTo("org:o1");
                assertThat(record.value()).isEqualTo(first.value());
                assertThat(Repetition.of(record.headers())).hasValue(Repetition.OPEN);
            });
            assertThat(canceled)
                    .singleElement()
                    .satisfies(record ->
                            assertThat(Repetition.of(record.headers())).isEmpty());
            assertThat(over).singleElement().satisfies(record -> {
                assertThat(record.value()).isEqualTo(canceled.getFirst().value());
                assertThat(Repetition.of(record.headers())).hasValue(Repetition.OVER);
            });
        }
    }

    @Test
    void shouldExpireAHoldAtTheFirstTickAfterItsEnd() {
        try (Pipeline pipeline = withMember(stateDir, Engine.FAST)) {
            pipeline.request(request("a", 2_500));
            assertThat(texts(pipeline)).containsExactly("a ADMIT 0");

            pipeline.pass(Duration.ofSeconds(1));
            pipeline.pass(Duration.ofSeconds(1));
            assertThat(texts(pipeline)).isEmpty();
            pipeline.pass(Duration.ofSeconds(1));

            List<TestRecord<String, AdmissionDecision>> expired = pipeline.decisions();
            assertThat(expired)
                    .extracting(decision -> AdmissionRig.text(decision.value()))
                    .containsExactly("a EXPIRED 1 hold_expired");
            assertThat(expired.getFirst().value().getAt()).isEqualTo(Pipeline.START.plusSeconds(3));
        }
    }

    @Test
    void shouldHoldAgainstTheLimitUntilTheEventArrivesAndReleaseAtMidnight() {
        try (Pipeline pipeline = new Pipeline(stateDir)) {
            // Given two actions a day, both admitted
            pipeline.put(Fixtures.actions());
            subscribe(pipeline, queueing(1, 2));
            pipeline.request(own("a"));
            pipeline.request(own("b"));
            pipeline.request(own("c"));
            List<TestRecord<String, AdmissionDecision>> decisions = pipeline.decisions();
            assertThat(decisions)
                    .extracting(decision -> AdmissionRig.text(decision.value()))
                    .containsExactly("a ADMIT 0", "b ADMIT 0", "c QUEUE 0 user_limit");
            assertThat(decisions)
                    .extracting(decision -> decision.value().getRemaining())
                    .containsExactly(1L, 0L, 0L);
            assertThat(decisions.getLast().value().getRetryAt()).isEqualTo(Instant.parse("2026-11-22T00:00:00Z"));

            // When one of them runs, and the other is given up
            pipeline.action(ActionEvent.newBuilder(Fixtures.action("e1", "u1", null, Map.of()))
                    .setAdmissionId("a")
                    .build());
            assertThat(texts(pipeline)).isEmpty();
            assertThat(pipeline.admission("user:u1", "a").settled()).isTrue();
            pipeline.cancel(new AdmissionCancel("b", "user:u1"));
            pipeline.request(own("d"));

            // Then
            assertThat(texts(pipeline)).containsExactly("b CANCELED 1", "c ADMIT 1", "d QUEUE 0 user_limit");

            // When the day is over
            pipeline.pass(Duration.ofHours(14));

            // Then
            assertThat(texts(pipeline)).containsExactly("c EXPIRED 2 hold_expired", "d ADMIT 1");
        }
    }

    @Test
    void shouldReleaseTheQueueWhenAnUpgradeArrives() {
        try (Pipeline pipeline = new Pipeline(stateDir)) {
            pipeline.put(Fixtures.actions());
            subscribe(pipeline, queueing(1, 1));
            for (String id : List.of("a", "b", "c", "d")) {
                pipeline.request(own(id));
            }
            assertThat(texts(pipeline))
                    .containsExactly(
                            "a ADMIT 0", "b QUEUE 0 user_limit", "c QUEUE 0 user_limit", "d QUEUE 0 user_limit");

            subscribe(pipeline, queueing(2, 3));

            assertThat(texts(pipeline)).containsExactly("b ADMIT 1", "c ADMIT 1");
        }
    }

    @ParameterizedTest
    @EnumSource
    void shouldSettleTheHoldOfAPayerWithoutASubscription(Engine engine) {
        try (Pipeline pipeline = new Pipeline(stateDir, engine)) {
            pipeline.put(Fixtures.actions());
            pipeline.request(own("a"));
            assertThat(texts(pipeline)).containsExactly("a ADMIT 0");

            // When its event comes among others
            pipeline.action(Fixtures.action("e1", "u1", null, Map.of()));
            pipeline.action(ActionEvent.newBuilder(Fixtures.action("e2", "u1", null, Map.of()))
                    .setAdmissionId("a")
                    .build());
            pipeline.action(Fixtures.action("e3", "u1", null, Map.of()));

            // Then
            assertThat(pipeline.admission("user:u1", "a").settled()).isTrue();
            assertThat(pipeline.usage("user:u1/actions/DAY/2026-11-21T00:00:00Z")
                            .getUsed())
                    .isEqualTo(3);
            pipeline.pass(Duration.ofMinutes(20));
            pipeline.pass(Duration.ofSeconds(1));
            assertThat(texts(pipeline)).isEmpty();
        }
    }

    @Test
    void shouldAdmitNoMoreThanMayBeBilled() {
        try (Pipeline pipeline = withMember(stateDir, Engine.FAST)) {
            // Given 100 actions included, of which 50 more are billed at most
            pipeline.put(Fixtures.actions());
            pipeline.put(Fixtures.enterprise());
            pipeline.put(Subscription.newBuilder(Fixtures.subscription("org:o1", Fixtures.enterprise()))
                    .setOverageCap(50L)
                    .build());

            // When all of it is asked for
            pipeline.request(actions("a", 140));
            pipeline.request(actions("b", 11));
            pipeline.request(actions("c", 10));
            pipeline.request(actions("d", 1));

            // Then
            assertThat(texts(pipeline))
                    .containsExactly("a ADMIT 0", "b REJECT 0 pool_empty", "c ADMIT 0", "d REJECT 0 pool_empty");
        }
    }

    @Test
    void shouldAdmitWhatATopUpCoversAndNoOverageAnew() {
        try (Pipeline pipeline = withMember(stateDir, Engine.FAST)) {
            // Given 100 actions included and 50 billed, all of them used
            pipeline.put(Fixtures.actions());
            pipeline.put(Fixtures.enterprise());
            pipeline.put(Subscription.newBuilder(Fixtures.subscription("org:o1", Fixtures.enterprise()))
                    .setOverageCap(50L)
                    .build());
            for (int i = 0; i < 150; i++) {
                pipeline.action(Fixtures.action("e" + i, "u1", "o1", Map.of()));
            }
            pipeline.request(actions("a", 1));

            // When 10 are bought
            pipeline.put(new Grant("org:o1", "g1", "actions", 10L, Pipeline.START, null));
            pipeline.request(actions("b", 11));
            pipeline.request(actions("c", 10));
            pipeline.request(actions("d", 1));

            // Then
            assertThat(texts(pipeline))
                    .containsExactly(
                            "a REJECT 0 pool_empty", "b REJECT 0 pool_empty", "c ADMIT 0", "d REJECT 0 pool_empty");
        }
    }

    @Test
    void shouldCapOverageOfAPlanThatIncludesNothing() {
        try (Pipeline pipeline = new Pipeline(stateDir)) {
            Plan payAsYouGo = Plan.newBuilder(Fixtures.starter())
                    .setPlanId("payg")
                    .setLimits(
                            List.of(new Limit(Scope.USER, "actions", LimitWindow.PERIOD, null, Beyond.BILL, List.of())))
                    .build();
            pipeline.put(Fixtures.actions());
            pipeline.put(payAsYouGo);
            pipeline.put(Subscription.newBuilder(Fixtures.subscription("user:u1", payAsYouGo))
                    .setOverageCap(1L)
                    .build());

            pipeline.request(own("a"));
            pipeline.request(own("b"));

            assertThat(texts(pipeline)).containsExactly("a ADMIT 0", "b REJECT 0 pool_empty");
        }
    }

    @Test
    void shouldAdmitNothingOfAPoolThatWasNeverFilled() {
        try (Pipeline pipeline = new Pipeline(stateDir)) {
            Plan prepaid = Plan.newBuilder(Fixtures.starter())
                    .setPlanId("prepaid")
                    .setLimits(List.of(
                            new Limit(Scope.USER, "actions", LimitWindow.PERIOD, null, Beyond.REJECT, List.of())))
                    .build();
            pipeline.put(Fixtures.actions());
            subscribe(pipeline, prepaid);

            pipeline.request(own("a"));
            pipeline.put(new Grant("user:u1", "g1", "actions", 1L, Pipeline.START, null));
            pipeline.request(own("b"));
            pipeline.request(own("c"));

            assertThat(texts(pipeline)).containsExactly("a REJECT 0 pool_empty", "b ADMIT 0", "c REJECT 0 pool_empty");
        }
    }

    private static AdmissionRequest actions(String actionId, long amount) {
        return new AdmissionRequest(actionId, "org:o1", "u1", "o1", null, Map.of("actions", amount), 600_000L);
    }

    private static void subscribe(Pipeline pipeline, Plan plan) {
        pipeline.put(plan);
        pipeline.put(Fixtures.subscription("user:u1", plan));
    }

    private static Plan queueing(int version, long amount) {
        return Plan.newBuilder(Fixtures.starter())
                .setPlanId("queueing")
                .setVersion(version)
                .setLimits(
                        List.of(new Limit(Scope.USER, "actions", LimitWindow.DAY, amount, Beyond.QUEUE, List.of(80))))
                .build();
    }

    private static AdmissionRequest own(String actionId) {
        return new AdmissionRequest(actionId, "user:u1", "u1", null, null, Map.of("actions", 1L), 600_000L);
    }

    @Test
    void shouldGoOnAfterARequestThatBreaksTheRules() {
        try (Pipeline pipeline = withMember(stateDir, Engine.FAST)) {
            pipeline.request(request("a", -1));
            pipeline.request(new AdmissionRequest("b", "nobody", "u1", null, null, Map.of(), 1L));
            pipeline.request(request("c", 1_000));

            assertThat(texts(pipeline)).containsExactly("a REJECT 0 invalid_request", "c ADMIT 0");
        }
    }

    @Test
    void shouldDecideTheSameWithAnotherEngineAndOtherState(@TempDir Path otherDir) {
        List<AdmissionDecision> first = play(stateDir, Engine.FAST);

        assertThat(play(otherDir, Engine.PORTABLE)).isEqualTo(first);
        assertThat(first).hasSizeGreaterThan(60);
    }

    private static List<AdmissionDecision> play(Path stateDir, Engine engine) {
        List<AdmissionDecision> decisions = new ArrayList<>();
        try (Pipeline pipeline = withMember(stateDir, engine)) {
            for (int i = 0; i < 40; i++) {
                pipeline.request(request("a" + i, 500L + 700L * (i % 7)));
                if (i % 5 == 0) {
                    pipeline.cancel(new AdmissionCancel("a" + i / 2, "org:o1"));
                }
                pipeline.pass(Duration.ofMillis(400));
            }
            for (int second = 0; second < 10; second++) {
                pipeline.pass(Duration.ofSeconds(1));
            }
            pipeline.decisions().forEach(decision -> decisions.add(decision.value()));
        }
        return decisions;
    }

    /** Whoever is no member of the org that pays is refused. */
    private static Pipeline withMember(Path stateDir, Engine engine) {
        Pipeline pipeline = new Pipeline(stateDir, engine);
        pipeline.put(new Membership("o1", "u1", Role.MEMBER, MembershipStatus.ACCEPTED, null, null, null));
        return pipeline;
    }

    private static List<String> texts(Pipeline pipeline) {
        return pipeline.decisions().stream()
                .map(decision -> AdmissionRig.text(decision.value()))
                .toList();
    }

    private static AdmissionRequest request(String actionId, long holdForMillis) {
        return new AdmissionRequest(
                actionId, "org:o1", "u1", "o1", "s1", Map.of("actions", 1L, "credits", 3L), holdForMillis);
    }
}
