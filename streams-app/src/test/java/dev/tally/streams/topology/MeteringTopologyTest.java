package dev.tally.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.keys.Subject;
import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.Aggregation;
import dev.tally.schemas.AlertKind;
import dev.tally.schemas.Allocation;
import dev.tally.schemas.Beyond;
import dev.tally.schemas.BillableFact;
import dev.tally.schemas.FactKind;
import dev.tally.schemas.Limit;
import dev.tally.schemas.LimitWindow;
import dev.tally.schemas.Membership;
import dev.tally.schemas.MembershipStatus;
import dev.tally.schemas.Meter;
import dev.tally.schemas.PayerKind;
import dev.tally.schemas.Phase;
import dev.tally.schemas.Plan;
import dev.tally.schemas.QuotaAlert;
import dev.tally.schemas.Report;
import dev.tally.schemas.Role;
import dev.tally.schemas.Scope;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.SubscriptionStatus;
import dev.tally.schemas.Trigger;
import dev.tally.schemas.UsageSnapshot;
import dev.tally.streams.state.CounterKeys.Counter;
import dev.tally.streams.state.DayCount;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MeteringTopologyTest {

    private static final Instant ANCHOR = Instant.parse("2026-01-01T00:00:00Z");
    private static final Instant TODAY = Instant.parse("2026-11-21T00:00:00Z");

    @TempDir
    Path stateDir;

    private Pipeline pipeline;

    @BeforeEach
    void start() {
        pipeline = new Pipeline(stateDir);
        pipeline.put(new Meter("actions", Aggregation.COUNT, List.of(), null, List.of(), "tally_actions"));
        pipeline.put(
                new Meter("tokens", Aggregation.SUM, List.of("input_tokens", "output_tokens"), null, List.of(), null));
    }

    @AfterEach
    void stop() {
        pipeline.close();
    }

    @Test
    void shouldCountAnActionForItsUserAndItsOrg() {
        // When
        pipeline.action(action("e1", "u/1", "o:1", Map.of("input_tokens", 3L, "output_tokens", 4L)));

        // Then
        assertThat(pipeline.day(Subject.user("u/1"), "actions", TODAY).map(DayCount::used))
                .contains(1L);
        Map<String, UsageSnapshot> usage = pipeline.usage();
        assertThat(usage.keySet())
                .containsExactlyInAnyOrder(
                        "user:u%2F1/actions/DAY/2026-11-21T00:00:00Z",
                        "user:u%2F1/tokens/DAY/2026-11-21T00:00:00Z",
                        "org:o%3A1/actions/DAY/2026-11-21T00:00:00Z",
                        "org:o%3A1/tokens/DAY/2026-11-21T00:00:00Z");
        assertThat(of(usage, "org:o%3A1/tokens/DAY/2026-11-21T00:00:00Z").getUsed())
                .isEqualTo(7);
        assertThat(of(usage, "org:o%3A1/tokens/DAY/2026-11-21T00:00:00Z").getLimitUsed())
                .isZero();
        assertThat(of(usage, "user:u%2F1/tokens/DAY/2026-11-21T00:00:00Z").getLimitUsed())
                .isEqualTo(7);
    }

    @Test
    void shouldCountOnceWhenAnEventIsSentAgain() {
        // Given
        pipeline.action(action("e1", "u1", null, Map.of()));

        // When it comes again, with other content and another time, and another user sends the same id
        pipeline.action(action("e1", "u1", "o1", Map.of("input_tokens", 9L)));
        pipeline.action(at(action("e1", "u1", null, Map.of()), Pipeline.START.minusSeconds(3_600)));
        pipeline.action(action("e1", "u2", null, Map.of()));

        // Then
        assertThat(pipeline.day(Subject.user("u1"), "actions", TODAY).map(DayCount::used))
                .contains(1L);
        assertThat(pipeline.day(Subject.user("u1"), "tokens", TODAY)).isEmpty();
        assertThat(pipeline.day(Subject.user("u2"), "actions", TODAY).map(DayCount::used))
                .contains(1L);
        assertThat(pipeline.counter(Counter.DUPLICATE)).isEqualTo(2);
        assertThat(pipeline.counter(Counter.COUNTED)).isEqualTo(2);
    }

    @Test
    void shouldForgetAnIdOnlyAfterTheHorizonOfStreamTime() {
        // Given
        pipeline.action(action("e1", "u1", null, Map.of()));
        pipeline.pass(Duration.ofHours(72));
        pipeline.action(at(action("e2", "u1", null, Map.of()), pipeline.now()));

        // When it is sent again, re-stamped, exactly at the horizon and after it
        pipeline.action(at(action("e1", "u1", null, Map.of()), pipeline.now()));
        pipeline.pass(Duration.ofMinutes(1));
        pipeline.action(at(action("e3", "u1", null, Map.of()), pipeline.now()));
        pipeline.action(at(action("e1", "u1", null, Map.of()), pipeline.now()));

        // Then
        assertThat(pipeline.counter(Counter.DUPLICATE)).isEqualTo(1);
        assertThat(pipeline.counter(Counter.COUNTED)).isEqualTo(4);
    }

    @Test
    void shouldKeepLateActionsWithTheirReason() {
        // Given
        pipeline.action(action("e1", "u1", null, Map.of()));
        ActionEvent onTime = at(action("e2", "u1", null, Map.of()), Pipeline.START.minus(Duration.ofHours(72)));
        ActionEvent late = at(
                action("e3", "u1", null, Map.of()),
                Pipeline.START.minus(Duration.ofHours(72)).minusMillis(1));

        // When
        pipeline.action(onTime);
        pipeline.action(late);

        // Then
        assertThat(pipeline.counter(Counter.COUNTED)).isEqualTo(2);
        assertThat(pipeline.counter(Counter.LATE)).isEqualTo(1);
        var kept = pipeline.late();
        assertThat(kept).hasSize(1);
        assertThat(text(kept.get(0).headers(), "tally.reason")).isEqualTo("too_late");
        assertThat(text(kept.get(0).headers(), "tally.seen")).isEqualTo("no");
        assertThat(text(kept.get(0).headers(), "tally.topic")).isEqualTo("actions");
        assertThat(text(kept.get(0).headers(), "tally.offset")).isEqualTo("2");
    }

    @Test
    void shouldKeepWhatItCannotReadAndGoOn() {
        // Given
        byte[] key = "k".getBytes(StandardCharsets.UTF_8);
        byte[] garbage = {1, 2, 3, 4, 5, 6, 7};

        // When
        pipeline.raw(key, garbage);
        pipeline.raw(key, null);
        pipeline.raw(key, new byte[0]);
        pipeline.action(action("", "u1", null, Map.of()));
        pipeline.action(action("e1", "u1", null, Map.of("credits", -1L)));
        pipeline.action(at(action("e1", "u1", null, Map.of()), Pipeline.START.plusSeconds(301)));
        pipeline.action(action("e1", "u1", null, Map.of()));

        // Then
        var kept = pipeline.deadLetters();
        assertThat(kept)
                .extracting(letter -> text(letter.headers(), "tally.reason"))
                .containsExactly(
                        "undecodable",
                        "null_value",
                        "undecodable",
                        "invalid_id",
                        "negative_amount",
                        "timestamp_in_future");
        assertThat(kept.get(0).value()).isEqualTo(garbage);
        assertThat(kept.get(0).key()).isEqualTo(key);
        assertThat(pipeline.counter(Counter.READ)).isEqualTo(7);
        assertThat(pipeline.counter(Counter.COUNTED)).isEqualTo(1);
    }

    @Test
    void shouldRefuseAnEventBeforeTheEpochAsTheVeryFirst() {
        // When
        pipeline.action(at(action("e1", "u1", null, Map.of()), Instant.ofEpochMilli(Long.MIN_VALUE)));
        pipeline.pass(Duration.ofSeconds(2));
        pipeline.action(action("e2", "u1", null, Map.of()));

        // Then
        assertThat(pipeline.deadLetters())
                .extracting(letter -> text(letter.headers(), "tally.reason"))
                .containsExactly("unsupported");
        assertThat(pipeline.counter(Counter.COUNTED)).isEqualTo(1);
    }

    @Test
    void shouldKeepSumsOfHugeRowsUnderTheSizeLimit() {
        // Given ids at their limit, so that each action is a row of its own of some kilobytes
        String long1 = "x".repeat(250);

        // When they all come between two commits; the driver commits after each record, so the sum is driven directly
        List<byte[]> sent = new java.util.ArrayList<>();
        var serde = pipeline.serdes().of(dev.tally.schemas.UsageSum.class);
        UsageSums sums = new UsageSums(
                Duration.ofMinutes(5), sum -> sent.add(serde.serializer().serialize("subject-log", sum)));
        for (int i = 0; i < 2_000; i++) {
            sums.add(
                    new dev.tally.streams.metering.Action(
                            "e" + i + long1,
                            Pipeline.START,
                            "u" + i,
                            "☃".repeat(85),
                            long1 + i,
                            long1,
                            long1,
                            "OTHER",
                            false,
                            Map.of(),
                            null,
                            null),
                    Map.of("actions", 1L),
                    Subject.org("☃".repeat(85)),
                    NOTHING);
        }
        sums.drain();

        // Then
        assertThat(sent).allSatisfy(bytes -> assertThat(bytes.length).isLessThan(700_000));
        assertThat(sent).hasSizeGreaterThan(2_000 + 2);
    }

    private static final dev.tally.streams.metering.Terms NOTHING = new dev.tally.streams.metering.Terms() {
        @Override
        public java.util.Optional<dev.tally.streams.metering.SubscriptionTerms> subscription(Subject subject) {
            return java.util.Optional.empty();
        }

        @Override
        public java.util.Optional<dev.tally.streams.metering.PlanTerms> plan(String planId, int version) {
            return java.util.Optional.empty();
        }
    };

    @Test
    void shouldCountReadOnlyActionsForNothingButRememberThem() {
        // Given
        ActionEvent readOnly = ActionEvent.newBuilder(action("e1", "u1", null, Map.of()))
                .setReadOnly(true)
                .build();

        // When
        pipeline.action(readOnly);
        pipeline.action(action("e1", "u1", null, Map.of()));

        // Then
        assertThat(pipeline.counter(Counter.READ_ONLY)).isEqualTo(1);
        assertThat(pipeline.counter(Counter.DUPLICATE)).isEqualTo(1);
        assertThat(pipeline.usage()).isEmpty();
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
        assertThat(pipeline.usage("user:u1/actions/DAY/2026-11-21T00:00:00Z").getLimit())
                .isEqualTo(100L);
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
        UsageSnapshot user = of(usage, "user:u1/actions/DAY/2026-11-21T00:00:00Z");
        assertThat(user.getUsed()).isEqualTo(60);
        assertThat(user.getLimitUsed()).isEqualTo(30);
        UsageSnapshot org = of(usage, "org:o1/actions/PERIOD/2026-11-01T00:00:00Z");
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

    private void subscribe(String subject, Plan plan) {
        pipeline.put(plan);
        pipeline.put(new Subscription(
                subject,
                "cus_1",
                null,
                ANCHOR,
                SubscriptionStatus.ACTIVE,
                List.of(new Phase(plan.getPlanId(), plan.getVersion(), ANCHOR)),
                List.of(),
                null,
                null,
                null,
                List.of(),
                List.of()));
    }

    private static Plan starter() {
        return new Plan(
                "starter",
                1,
                PayerKind.USER,
                List.of(new Limit(Scope.USER, "actions", LimitWindow.DAY, 100L, Beyond.PAUSE, List.of(80))),
                List.of(),
                null,
                Report.OVERAGE);
    }

    private static Plan enterprise() {
        return new Plan(
                "enterprise",
                1,
                PayerKind.ORG,
                List.of(new Limit(Scope.ORG, "actions", LimitWindow.PERIOD, null, Beyond.BILL, List.of(80))),
                List.of(new Allocation("actions", 100L, 0L)),
                null,
                Report.OVERAGE);
    }

    private static ActionEvent action(String eventId, String userId, @Nullable String orgId, Map<String, Long> usage) {
        return new ActionEvent(
                eventId,
                Pipeline.START,
                userId,
                orgId,
                null,
                "model-a",
                "message.send",
                Trigger.CHAT_COMMAND,
                false,
                usage,
                null,
                null);
    }

    private static UsageSnapshot of(Map<String, UsageSnapshot> usage, String key) {
        return Objects.requireNonNull(usage.get(key), key);
    }

    private static ActionEvent at(ActionEvent event, Instant occurredAt) {
        return ActionEvent.newBuilder(event).setOccurredAt(occurredAt).build();
    }

    private static String text(Headers headers, String name) {
        return new String(headers.lastHeader(name).value(), StandardCharsets.UTF_8);
    }
}
