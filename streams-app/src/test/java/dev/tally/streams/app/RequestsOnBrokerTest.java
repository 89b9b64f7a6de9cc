package dev.tally.streams.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.keys.Keys;
import dev.tally.keys.Partitions;
import dev.tally.keys.Subject;
import dev.tally.schemas.AdmissionDecision;
import dev.tally.schemas.AlertKind;
import dev.tally.schemas.BillableFact;
import dev.tally.schemas.Decision;
import dev.tally.schemas.FactKind;
import dev.tally.schemas.Grant;
import dev.tally.schemas.LedgerEntry;
import dev.tally.schemas.LedgerState;
import dev.tally.schemas.Membership;
import dev.tally.schemas.MembershipStatus;
import dev.tally.schemas.Phase;
import dev.tally.schemas.QuotaAlert;
import dev.tally.schemas.Role;
import dev.tally.schemas.Scope;
import dev.tally.schemas.Severity;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.SubscriptionStatus;
import dev.tally.schemas.catalogue.Catalogue;
import dev.tally.schemas.topics.Topics;
import dev.tally.streams.alerts.AlertPage;
import dev.tally.streams.alerts.LoggedAlerts;
import dev.tally.streams.facts.FactPage;
import dev.tally.streams.facts.LoggedFacts;
import dev.tally.streams.metering.MeterSet;
import dev.tally.streams.query.AdmissionStates;
import dev.tally.streams.query.Answer;
import dev.tally.streams.query.StoreAdmissionStates;
import dev.tally.streams.query.SubscriptionInForce;
import dev.tally.streams.requests.AdmissionAsk;
import dev.tally.streams.requests.Admissions;
import dev.tally.streams.requests.CatalogueWrites;
import dev.tally.streams.requests.CatalogueWrites.Written;
import dev.tally.streams.state.AdmissionState;
import dev.tally.streams.state.Freshness;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;

/** What callers ask for reaches the topology through a real broker, and is answered when it is in force. */
@Execution(ExecutionMode.CONCURRENT) // beside other classes, as it mostly waits; its lock keeps its own tests in turn
@ResourceLock("RequestsOnBrokerTest")
class RequestsOnBrokerTest {

    private static final Instant ANCHOR = Instant.parse("2026-01-31T10:15:30Z");

    @TempDir
    static Path stateDirs;

    private static TallyOnBroker tally;

    @BeforeAll
    static void startBroker() throws Exception {
        tally = new TallyOnBroker(stateDirs);
    }

    @AfterAll
    static void stopBroker() throws Exception {
        tally.stop();
    }

    @Test
    void shouldAnswerAWriteWhenItIsInForce() {
        // Given
        Topics topics = tally.newTopics("writes-");
        MeteringApp app = tally.start("writes", topics, "writes");
        TallyOnBroker.awaitRunning(app);
        CatalogueWrites writes = app.requests().catalogue();
        Subject org = Subject.org("o/1");
        Subscription subscription = subscription(org);
        Grant grant = new Grant(org.text(), "g1", "actions", 500L, ANCHOR, null);
        Membership membership = new Membership("o/1", "m1", Role.MEMBER, MembershipStatus.ACCEPTED, null, ANCHOR, null);

        // When
        List<SpecificRecord> records = List.of(subscription, grant, membership);
        records.forEach(record -> Awaitility.await()
                .atMost(Duration.ofMinutes(1))
                .untilAsserted(() ->
                        assertThat(writes.publish(record)).isEqualTo(new Answer.Found<>(Written.IN_FORCE, false))));

        // Then
        assertThat(app.queries().subscription(org))
                .isInstanceOfSatisfying(
                        Answer.Found.class,
                        found -> assertThat(((SubscriptionInForce) found.value()).anchor())
                                .isEqualTo(ANCHOR));
        // Not from what may be behind, and right after a start it is not known how far behind that is
        Awaitility.await()
                .atMost(Duration.ofMinutes(1))
                .untilAsserted(() ->
                        assertThat(writes.grant(org, "g1")).isEqualTo(new Answer.Found<>(Optional.of(grant), false)));
        assertThat(writes.around(org))
                .isInstanceOfSatisfying(
                        Answer.Found.class,
                        found -> assertThat(((Catalogue) found.value()).subscriptions())
                                .containsExactly(subscription));
        app.close();
        assertThat(writes.publish(subscription)).isInstanceOf(Answer.NotReady.class);
    }

    @Test
    void shouldAdmitOnWhicheverInstanceIsAsked() {
        // Given two instances, each with some of the payers
        Topics topics = tally.newTopics("admissions-");
        MeteringApp first = tally.start("admissions-first", topics, "admissions");
        TallyOnBroker.awaitRunning(first);
        MeteringApp second = tally.start("admissions-second", topics, "admissions");
        TallyOnBroker.awaitRunning(second);
        TallyOnBroker.awaitRunning(first);

        // When each is asked about actions of all
        List<Decision> admitted = new ArrayList<>();
        List<Decision> again = new ArrayList<>();
        List<Decision> canceled = new ArrayList<>();
        for (int user = 0; user < 12; user++) {
            Subject payer = Subject.user("u" + user);
            for (MeteringApp app : List.of(first, second)) {
                Admissions admissions = app.requests().admissions();
                AdmissionAsk ask = new AdmissionAsk(
                        app == first ? "a1" : "a2",
                        payer.id(),
                        null,
                        null,
                        Map.of("actions", 1L),
                        Duration.ofMinutes(5));
                admitted.add(decided(() -> admissions.ask(ask)));
                again.add(decided(() -> admissions.ask(ask)));
                canceled.add(decided(() -> admissions.cancel(payer, ask.actionId())));
            }
        }

        // Then
        assertThat(admitted).hasSize(24).containsOnly(Decision.ADMIT);
        assertThat(again).containsOnly(Decision.ADMIT);
        assertThat(canceled).containsOnly(Decision.CANCELED);
        // Where the payer's partition is, decisions are told before they are committed.
        Awaitility.await()
                .untilAsserted(() ->
                        assertThat(tally.records(topics.admissions(), "user:u")).isEqualTo(48));
        second.close();
        first.close();
    }

    @Test
    void shouldAnswerOnAnInstanceThatHasNeverHeardOfAnAdmission() {
        // Given admissions that were decided, and some canceled, before another instance began
        Topics topics = tally.newTopics("repeated-");
        MeteringApp first = tally.start("repeated-first", topics, "repeated");
        TallyOnBroker.awaitRunning(first);
        for (int user = 0; user < 12; user++) {
            AdmissionAsk ask = ask(user);
            decided(() -> first.requests().admissions().ask(ask));
            if (user % 2 == 0) {
                decided(() -> first.requests().admissions().cancel(Subject.user(ask.userId()), ask.actionId()));
            }
        }
        MeteringApp second = tally.start("repeated-second", topics, "repeated");
        TallyOnBroker.awaitRunning(second);
        TallyOnBroker.awaitRunning(first);
        Admissions admissions = second.requests().admissions();

        // When
        List<Decision> canceled = new ArrayList<>();
        List<Decision> again = new ArrayList<>();
        for (int user = 0; user < 12; user++) {
            AdmissionAsk ask = ask(user);
            if (user < 6) {
                canceled.add(decided(() -> admissions.cancel(Subject.user(ask.userId()), ask.actionId())));
            }
            again.add(decided(() -> admissions.ask(ask)));
        }

        // Then
        assertThat(canceled).hasSize(6).containsOnly(Decision.CANCELED);
        assertThat(again.subList(0, 6)).containsOnly(Decision.CANCELED);
        for (int user = 6; user < 12; user++) {
            assertThat(again.get(user)).isEqualTo(user % 2 == 0 ? Decision.CANCELED : Decision.ADMIT);
        }
        second.close();
        first.close();
    }

    @Test
    void shouldTellFactsFromTheLogWithTheLatestOfTheirDelivery() {
        // Given
        Topics topics = tally.newTopics("facts-");
        Subject payer = Subject.org("o/1");
        Instant may = Instant.parse("2020-05-01T00:00:00Z");
        Instant june = Instant.parse("2020-06-01T00:00:00Z");
        tally.publishFact(topics, fact("f1", payer, 1, may));
        tally.publishFact(topics, fact("f0", payer, 9, june));
        tally.publishFact(topics, fact("g1", Subject.org("o2"), 9, may));
        tally.publishFact(topics, fact("f2", payer, 2, may));
        tally.publishFact(topics, fact("f3", payer, 3, may));
        // One identifier, two amounts
        tally.publishFact(topics, fact("f3", payer, 4, may));
        entry(topics, payer, "f1", 1, LedgerState.INTENT, null);
        entry(topics, payer, "f1", 1, LedgerState.ACCEPTED, null);
        entry(topics, payer, "f0", 9, LedgerState.ACCEPTED, null);
        entry(topics, payer, "f2", 2, LedgerState.DEAD, "no_customer");
        tally.publishLedgerEntry(
                topics,
                Keys.ledgerOfOtherAmount("f3", 4),
                ledgerEntry(payer, "f3", 4, LedgerState.PARKED, "amount_differs"));
        Instant anchor = Instant.parse("2020-01-01T00:00:00Z");
        LoggedFacts facts = tally.loggedFacts(topics, payer, anchor, LoggedFacts.Bounds.USUAL);

        // When
        FactPage first = page(facts.facts(payer, LocalDate.parse("2020-05-31"), 3, -1));
        FactPage second =
                page(facts.facts(payer, LocalDate.parse("2020-05-31"), 3, Objects.requireNonNull(first.next())));

        // Then
        assertThat(told(first)).containsExactly("f1 1 ACCEPTED null", "f2 2 DEAD no_customer", "f3 3 PENDING");
        assertThat(told(second)).containsExactly("f3 4 PARKED amount_differs");
        assertThat(second.next()).isNull();
        assertThat(told(page(facts.facts(payer, LocalDate.parse("2020-06-01"), 1_000, -1))))
                .containsExactly("f0 9 ACCEPTED null");
        assertThat(told(page(facts.facts(payer, LocalDate.parse("2020-06-01"), 1_000, 1_000_000))))
                .isEmpty();
        assertThat(facts.facts(Subject.org("o2"), null, 1, -1)).isInstanceOf(Answer.Absent.class);
        // Without time, without room
        Duration ample = Duration.ofMinutes(1);
        for (LoggedFacts.Bounds bounds :
                List.of(new LoggedFacts.Bounds(ample, Duration.ZERO, 1), new LoggedFacts.Bounds(ample, ample, 0))) {
            assertThat(tally.loggedFacts(topics, payer, anchor, bounds)
                            .facts(payer, LocalDate.parse("2020-05-31"), 3, -1))
                    .isInstanceOf(Answer.NotReady.class);
        }
    }

    private static FactPage page(Answer<FactPage> answer) {
        return switch (answer) {
            case Answer.Found<FactPage> found -> found.value();
            default -> throw new AssertionError(answer);
        };
    }

    private static List<String> told(FactPage page) {
        return page.facts().stream()
                .map(one -> one.fact().getIdentifier() + " " + one.fact().getAmount() + " "
                        + Optional.ofNullable(one.entry())
                                .map(entry -> entry.getState() + " " + entry.getReason())
                                .orElse("PENDING"))
                .toList();
    }

    private static void entry(
            Topics topics, Subject payer, String identifier, long amount, LedgerState state, @Nullable String reason) {
        tally.publishLedgerEntry(
                topics, Keys.ledger(identifier), ledgerEntry(payer, identifier, amount, state, reason));
    }

    private static LedgerEntry ledgerEntry(
            Subject payer, String identifier, long amount, LedgerState state, @Nullable String reason) {
        return LedgerEntry.newBuilder()
                .setIdentifier(identifier)
                .setPayer(payer.text())
                .setEventName("tally_actions")
                .setAmount(amount)
                .setTimestamp(ANCHOR)
                .setState(state)
                .setFirstAttemptAt(ANCHOR)
                .setReason(reason)
                .setAt(ANCHOR)
                .build();
    }

    private static BillableFact fact(String identifier, Subject payer, long amount, Instant period) {
        return new BillableFact(
                identifier,
                "test",
                payer.text(),
                "cus_1",
                "actions",
                "tally_actions",
                period,
                period.plusSeconds(300),
                period,
                1L,
                0,
                amount,
                FactKind.USAGE,
                period,
                period.plusSeconds(86_400),
                null,
                "enterprise@1");
    }

    @Test
    void shouldTellTheNewestAlertsOfASubjectFromTheLog() {
        // Given
        Topics topics = tally.newTopics("alerts-");
        Subject subject = Subject.user("\"><img src=x>/%41 é");
        // In one partition with it, and nothing of its
        Subject other = Stream.iterate(0, i -> i + 1)
                .map(i -> Subject.org("o" + i))
                .filter(org -> partition(org, topics) == partition(subject, topics))
                .findFirst()
                .orElseThrow();
        Instant now = Instant.now().truncatedTo(ChronoUnit.MILLIS);
        Instant old = now.minus(Duration.ofDays(8));
        // The accounts stage may be behind: what is appended now was decided when its cause was appended
        tally.publishAlert(topics, alert("a0", subject, old));
        for (int i = 1; i <= 4; i++) {
            tally.publishAlert(topics, alert("a" + i, subject, now.plusMillis(i)));
            tally.publishAlert(topics, alert("b" + i, other, now.plusMillis(i)));
        }
        tally.publishNoAlert(topics, subject);
        // Again, as after a reset
        tally.publishAlert(topics, alert("a2", subject, now.plusMillis(5)));
        LoggedAlerts alerts = tally.loggedAlerts(topics, LoggedAlerts.Bounds.USUAL);
        Instant week = now.minus(Duration.ofDays(7));

        // Then
        assertThat(told(alerts.alerts(subject, week, 100))).containsExactly("a2", "a4", "a3", "a1");
        assertThat(told(alerts.alerts(subject, week, 4))).containsExactly("a2", "a4", "a3", "a1");
        assertThat(told(alerts.alerts(subject, week, 3))).containsExactly("a2", "a4", "a3", "and more");
        assertThat(told(alerts.alerts(subject, week, 1))).containsExactly("a2", "and more");
        assertThat(told(alerts.alerts(subject, old, 100))).containsExactly("a2", "a4", "a3", "a1", "a0");
        assertThat(told(alerts.alerts(subject, old.plusMillis(1), 100))).doesNotContain("a0");
        assertThat(told(alerts.alerts(subject, Instant.EPOCH, 5))).containsExactly("a2", "a4", "a3", "a1", "a0");
        assertThat(told(alerts.alerts(subject, now.plusSeconds(3_600), 100))).isEmpty();
        assertThat(told(alerts.alerts(other, week, 2))).containsExactly("b4", "b3", "and more");
        assertThat(told(alerts.alerts(Subject.org(subject.id()), week, 100))).isEmpty();
        // Without time, without room
        Duration ample = Duration.ofMinutes(1);
        for (LoggedAlerts.Bounds bounds : List.of(
                new LoggedAlerts.Bounds(Duration.ZERO, 1, ample),
                new LoggedAlerts.Bounds(ample, 0, Duration.ofMillis(1)))) {
            assertThat(tally.loggedAlerts(topics, bounds).alerts(subject, week, 3))
                    .isInstanceOf(Answer.NotReady.class);
        }
    }

    private static int partition(Subject subject, Topics topics) {
        return Partitions.ofKey(subject.text().getBytes(StandardCharsets.UTF_8), topics.subjectPartitions());
    }

    private static List<String> told(Answer<AlertPage> answer) {
        if (!(answer instanceof Answer.Found<AlertPage>(AlertPage page, boolean stale))) {
            throw new AssertionError(answer);
        }
        return Stream.concat(
                        page.alerts().stream().map(QuotaAlert::getAlertId),
                        page.more() ? Stream.of("and more") : Stream.empty())
                .toList();
    }

    private static QuotaAlert alert(String id, Subject subject, Instant at) {
        return new QuotaAlert(
                id,
                AlertKind.ANOMALY,
                Severity.WARNING,
                subject.text(),
                Scope.valueOf(subject.kind().name()),
                subject.id(),
                "actions",
                ANCHOR,
                ANCHOR.plusSeconds(600),
                null,
                0,
                10L,
                100L,
                null,
                null,
                "e1",
                false,
                at);
    }

    @Test
    void shouldNotAnswerByACatalogueThatIsStillBeingRead() throws Exception {
        // Given meters whose copy takes a while to be read
        Topics topics = tally.newTopics("reading-");
        int meters = 500;
        for (int i = 1; i < meters; i++) {
            tally.publishMeter(topics, "m" + i);
        }
        MeteringApp app = tally.build("reading", topics, "reading", Map.of());

        // When it is asked all the while it starts
        CompletableFuture<MeterSet> answered = new CompletableFuture<>();
        Thread asking = Thread.ofPlatform().start(() -> {
            while (!answered.isDone()) {
                if (app.requests().admissions().meters() instanceof Answer.Found<MeterSet>(var found, var stale)) {
                    answered.complete(found);
                }
            }
        });
        TallyOnBroker.start(app, tally.client());

        // Then
        assertThat(answered.get(1, TimeUnit.MINUTES).meters()).hasSize(meters);
        asking.join();
        app.close();
    }

    @Test
    void shouldNotSayThatThereIsNoneWhereItIsBehind() {
        // Given
        Topics topics = tally.newTopics("behind-");
        MeteringApp app = tally.start("behind", topics, "behind");
        TallyOnBroker.awaitRunning(app);
        Subject payer = Subject.user("u1");

        // When
        AdmissionStates now = states(app, topics, Duration.ZERO);
        AdmissionStates later = states(app, topics, Freshness.CURRENT_WITHIN.plusSeconds(1));

        // Then
        Awaitility.await()
                .atMost(Duration.ofMinutes(1))
                .untilAsserted(() -> assertThat(now.find(payer, "a1")).isInstanceOf(Answer.Absent.class));
        assertThat(later.find(payer, "a1")).isInstanceOf(Answer.NotReady.class);
        app.close();
    }

    /** What an instance would say if it had been frozen for so long. */
    private static AdmissionStates states(MeteringApp app, Topics topics, Duration frozenFor) {
        return new StoreAdmissionStates(
                app.streams(),
                topics,
                app.freshness(),
                () -> Instant.now().plus(frozenFor),
                new StoreAdmissionStates.Format(
                        AdmissionState::key,
                        value -> AdmissionState.fromBytes(value).decision()));
    }

    private static AdmissionAsk ask(int user) {
        return new AdmissionAsk("a", "u" + user, null, null, Map.of("actions", 1L), Duration.ofMinutes(5));
    }

    /** Asks until somebody answers, as callers do. */
    private static Decision decided(Callable<Answer<AdmissionDecision>> question) {
        AtomicReference<@Nullable AdmissionDecision> decision = new AtomicReference<>();
        Awaitility.await().atMost(Duration.ofMinutes(1)).until(() -> {
            if (question.call() instanceof Answer.Found<AdmissionDecision>(var found, var stale)) {
                decision.set(found);
            }
            return decision.get() != null;
        });
        return Objects.requireNonNull(decision.get()).getDecision();
    }

    private static Subscription subscription(Subject subject) {
        return new Subscription(
                subject.text(),
                "cus_1",
                null,
                ANCHOR,
                SubscriptionStatus.ACTIVE,
                List.of(new Phase("later", 1, ANCHOR)),
                List.of(),
                null,
                10,
                null,
                List.of("a@example.com"),
                List.of());
    }
}
