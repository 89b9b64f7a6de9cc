package dev.tally.sink.delivery;

import static dev.tally.sink.delivery.DeliveryHarness.fact;
import static dev.tally.sink.delivery.DeliveryHarness.interval;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.schemas.LedgerEntry;
import dev.tally.schemas.LedgerState;
import dev.tally.sink.comparison.ComparedHour.Verdict;
import dev.tally.sink.comparison.HourKey;
import dev.tally.sink.comparison.SentFact;
import dev.tally.sink.delivery.CrashPoints.Point;
import dev.tally.sink.reconciling.ReconcileWatch;
import dev.tally.sink.reconciling.Reconciliation;
import dev.tally.sink.testing.Read;
import dev.tally.sink.testing.StripeFake;
import dev.tally.sink.testing.StripeFake.Reply;
import dev.tally.sink.testing.TestKafka;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Execution(ExecutionMode.CONCURRENT) // tests mostly wait, and have topics of their own
@ExtendWith(TestKafka.Shared.class)
final class DeliveryTest {
    private final TestKafka kafka;

    DeliveryTest(TestKafka kafka) {
        this.kafka = kafka;
    }

    @ParameterizedTest
    @EnumSource(
            value = Point.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = {"TAKEN_WRITTEN", "TAKEN_COMMITTED"})
    void shouldBillEachFactOnceThoughTheDeliveryDies(Point point) throws Exception {
        try (StripeFake stripe = StripeFake.start();
                DeliveryHarness harness = harness(stripe)) {
            // Given
            for (int i = 0; i < 60; i++) {
                harness.publish(fact("id-" + i, "user:u" + i % 7, "cus_" + i % 7, i));
            }
            harness.crashOnceAt(point);

            // When
            harness.start();
            harness.awaitAllCommitted();

            // Then
            assertThat(harness.crashed()).isTrue();
            assertThat(stripe.takenCount()).isEqualTo(60);
            assertThat(total(stripe)).isEqualTo(60 * 59 / 2);
            assertThat(harness.deadLetters()).isEmpty();
            assertThat(harness.ledger())
                    .hasSize(60)
                    .allSatisfy((identifier, states) ->
                            assertThat(states).startsWith("INTENT").last().isIn("ACCEPTED", "DUPLICATE_OK"));
            assertThat(harness.ledger().values())
                    .allSatisfy(states -> assertThat(states)
                            .as("one outcome each")
                            .filteredOn(state -> !state.equals("INTENT"))
                            .hasSize(1));
        }
    }

    @Test
    void shouldKeepTheLedgerBesideItsFacts() throws Exception {
        try (StripeFake stripe = StripeFake.start();
                DeliveryHarness harness = harness(stripe)) {
            // Given
            for (int i = 0; i < 10; i++) {
                harness.publish(fact("id-" + i, "user:u" + i, "cus_" + i, 1));
            }

            // When
            harness.start();
            harness.awaitAllCommitted();

            // Then
            Map<String, Integer> partitions = harness.factPartitionsByPayer();
            assertThat(Set.copyOf(partitions.values())).hasSize(DeliveryHarness.PARTITIONS);
            Map<String, Integer> expected = new HashMap<>();
            for (int i = 0; i < 10; i++) {
                expected.put("id-" + i, partitions.get("user:u" + i));
            }
            assertThat(harness.ledgerPartitions()).isEqualTo(expected);
            LedgerEntry last = harness.ledgerEntries().getLast();
            assertThat(last.getState()).isEqualTo(LedgerState.ACCEPTED);
            assertThat(last.getRequestId()).startsWith("req_");
            assertThat(last.getAmount()).isEqualTo(1);
        }
    }

    @Test
    void shouldTryAgainUntilStripeRecovers() throws Exception {
        try (StripeFake stripe = StripeFake.start();
                DeliveryHarness harness = harness(stripe)) {
            // Given: refusals before and after the event is taken, limits, empty answers
            List<String> keys = new ArrayList<>();
            stripe.rule(call -> {
                synchronized (keys) {
                    keys.add(call.key());
                }
                return switch (call.number()) {
                    case 1 -> Optional.of(Reply.error(500, "api_error", "sorry"));
                    case 2 -> Optional.of(Reply.error(429, "rate_limit", "slow down"));
                    case 3 -> Optional.of(new Reply(503, "", false));
                    case 4 -> Optional.of(new Reply(502, "<html>", false).afterTaking());
                    default -> Optional.empty();
                };
            });
            harness.publish(fact("id-1", "user:u1", "cus_1", 12));

            // When
            harness.start();
            harness.awaitAllCommitted();

            // Then
            assertThat(stripe.sums()).isEqualTo(Map.of("cus_1", 12L));
            assertThat(keys).containsExactly("id-1#0", "id-1#1", "id-1#2", "id-1#2", "id-1#3");
            assertThat(harness.ledger()).isEqualTo(Map.of("id-1", List.of("INTENT", "DUPLICATE_OK")));
            assertThat(harness.ledgerEntries().getLast().getKeyNumber()).isEqualTo(3);
        }
    }

    @Test
    void shouldKeepWhatCannotBeBilledAsDeadLetters() throws Exception {
        try (StripeFake stripe = StripeFake.start();
                DeliveryHarness harness = harness(stripe)) {
            // Given
            stripe.rule(call -> call.customer().equals("cus_gone")
                    ? Optional.of(Reply.error(400, "resource_missing", "No such customer: é".repeat(200)))
                    : Optional.empty());
            Map<String, byte[]> expected = new HashMap<>();
            byte[] garbage = {1, 2, 3};
            Instant old = Instant.now().minus(Duration.ofDays(36));
            expected.put("resource_missing", harness.publish(fact("id-gone", "user:gone", "cus_gone", 1)));
            expected.put("no_customer", harness.publish(fact("id-free", "user:free", null, 2)));
            expected.put("too_many_digits", harness.publish(fact("id-big", "user:big", "cus_big", Long.MAX_VALUE)));
            expected.put("too_old", harness.publish(fact("id-old", "user:old", "cus_old", "tally_actions", 1, old)));
            harness.publishBytes("user:bad", garbage);
            expected.put("undecodable", garbage);
            harness.publish(fact("id-good", "user:good", "cus_good", 7));

            // When
            harness.start();
            harness.awaitAllCommitted();

            // Then
            assertThat(stripe.sums()).isEqualTo(Map.of("cus_good", 7L));
            List<Read> letters = harness.deadLetters();
            assertThat(letters).hasSize(expected.size()).allSatisfy(letter -> {
                assertThat(letter.value())
                        .isEqualTo(expected.get(letter.headers().get("tally.reason")));
                assertThat(letter.headers())
                        .containsEntry("tally.topic", harness.factsTopic())
                        .containsKeys("tally.partition", "tally.offset", "tally.at");
                assertThat(letter.headers().getOrDefault("tally.detail", "").getBytes(StandardCharsets.UTF_8))
                        .hasSizeBetween(1, 1_024);
            });
            assertThat(letters)
                    .extracting(Read::key)
                    .containsExactlyInAnyOrder("user:gone", "user:free", "user:big", "user:old", "user:bad");
            assertThat(harness.ledger())
                    .containsEntry("id-gone", List.of("INTENT", "DEAD"))
                    .containsEntry("id-free", List.of("DEAD"))
                    .containsEntry("id-good", List.of("INTENT", "ACCEPTED"));
        }
    }

    @Test
    void shouldSendInOrderPerCustomerAndMeter() throws Exception {
        try (StripeFake stripe = StripeFake.start();
                DeliveryHarness harness = harness(stripe)) {
            // Given: every third request fails
            stripe.rule(call ->
                    call.number() % 3 == 0 ? Optional.of(Reply.error(500, "api_error", "sorry")) : Optional.empty());
            Map<String, List<String>> expected = new HashMap<>();
            Instant now = Instant.now();
            for (int i = 0; i < 40; i++) {
                for (String meter : List.of("tally_actions", "tally_credits")) {
                    String customer = "cus_" + i % 3;
                    String identifier = meter + "-" + i;
                    harness.publish(fact(identifier, "user:u" + i % 3, customer, meter, 1, now));
                    expected.computeIfAbsent(customer + meter, unused -> new ArrayList<>())
                            .add(identifier);
                }
            }

            // When
            harness.start();
            harness.awaitAllCommitted();

            // Then
            for (int i = 0; i < 3; i++) {
                for (String meter : List.of("tally_actions", "tally_credits")) {
                    assertThat(stripe.taken("cus_" + i, meter)).isEqualTo(expected.get("cus_" + i + meter));
                }
            }
            assertThat(stripe.mostRunningInLane()).isEqualTo(1);
        }
    }

    @Test
    void shouldParkAKnownIdentifierWithAnotherAmount() throws Exception {
        try (StripeFake stripe = StripeFake.start();
                DeliveryHarness harness = harness(stripe)) {
            // Given
            harness.publish(fact("id-1", "user:u1", "cus_1", 5));
            byte[] other = harness.publish(fact("id-1", "user:u1", "cus_1", 6));
            harness.publish(fact("id-1", "user:u1", "cus_1", 5));
            harness.start();
            harness.awaitAllCommitted();

            // When: everything is read again by a delivery that knows the ledger only
            harness.start(harness.group() + "-again", new DeliveryStatus());
            harness.awaitAllCommitted(harness.group() + "-again");

            // Then
            assertThat(stripe.requests()).isEqualTo(1);
            assertThat(stripe.sums()).isEqualTo(Map.of("cus_1", 5L));
            assertThat(harness.deadLetters()).singleElement().satisfies(letter -> {
                assertThat(letter.value()).isEqualTo(other);
                assertThat(letter.headers()).containsEntry("tally.reason", "amount_differs");
            });
            assertThat(harness.ledger().get("id-1")).containsExactlyInAnyOrder("INTENT", "ACCEPTED", "PARKED");
            assertThat(harness.ledgerPartitions())
                    .as("keys, of which compaction keeps the latest")
                    .hasSize(2)
                    .containsKey("id-1");
            assertThat(harness.heard()).contains("settled Parked", "read again");
        }
    }

    @Test
    void shouldSettleWhatStripeHasForgottenByItsSums() throws Exception {
        try (StripeFake stripe = StripeFake.start();
                DeliveryHarness harness = harness(stripe)) {
            // Given: no answer can be read, whether the event was taken or not
            Instant start = Instant.now().truncatedTo(ChronoUnit.MINUTES).minusSeconds(3_600);
            stripe.rule(call -> {
                Reply unreadable = new Reply(200, "[]", false);
                return Optional.of(call.identifier().startsWith("taken") ? unreadable.afterTaking() : unreadable);
            });
            for (int i = 0; i < 6; i++) {
                String customer = "cus_" + i % 2;
                Instant interval = start.plusSeconds(300L * i);
                harness.publish(interval("taken-" + i, "user:u" + i % 2, customer, 5 + i, interval));
                harness.publish(interval("lost-" + i, "user:u" + i % 2, customer + "b", 50 + i, interval));
            }
            harness.publish(interval("nothing", "user:u3", "cus_3", 0, start));
            harness.publish(fact("taken-shared", "user:u4", "cus_4", 7));
            LifeRunner first = harness.start();
            Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> stripe.requests() > 30);
            first.stop();

            // When: a day passes in which it is down, and Stripe forgets the identifiers
            stripe.forgetIdentifiers();
            stripe.rule(call -> Optional.empty());
            harness.passTime(Duration.ofHours(24));
            harness.start();
            harness.awaitAllCommitted();

            // Then
            assertThat(stripe.sums())
                    .containsEntry("cus_0", 5L + 7 + 9)
                    .containsEntry("cus_1", 6L + 8 + 10)
                    .containsEntry("cus_0b", 50L + 52 + 54)
                    .containsEntry("cus_1b", 51L + 53 + 55);
            assertThat(harness.deadLetters())
                    .singleElement()
                    .satisfies(letter -> assertThat(letter.headers()).containsEntry("tally.reason", "outcome_unknown"));
            assertThat(harness.ledger().get("taken-shared")).endsWith("PARKED");
            assertThat(harness.ledger().get("taken-1")).endsWith("DUPLICATE_OK");
            assertThat(harness.ledger().get("lost-1")).endsWith("ACCEPTED");
            assertThat(harness.ledger().get("nothing")).endsWith("DUPLICATE_OK");
        }
    }

    @Test
    void shouldLetStripesSumDecideWhereARefusalFollowsAnUnreadableAnswer() throws Exception {
        try (StripeFake stripe = StripeFake.start();
                DeliveryHarness harness = harness(stripe)) {
            // Given: no answer can be read at first, whether the event was taken or not, and then customers are gone
            Instant start = Instant.now().truncatedTo(ChronoUnit.MINUTES).minusSeconds(3_600);
            Set<String> tried = ConcurrentHashMap.newKeySet();
            stripe.rule(call -> Optional.of(
                    tried.add(call.identifier())
                            ? new Reply(200, "[]", !call.identifier().equals("lost"))
                            : Reply.error(404, "resource_missing", "No such customer")));
            stripe.forgetCustomer("cus_3");
            harness.publish(interval("taken", "user:u1", "cus_1", 5, start));
            harness.publish(interval("lost", "user:u2", "cus_2", 6, start));
            harness.publish(interval("untold", "user:u3", "cus_3", 7, start));
            harness.publish(fact("shared", "user:u4", "cus_4", 8));

            // When
            harness.start();
            harness.awaitAllCommitted();

            // Then
            assertThat(harness.ledger())
                    .isEqualTo(Map.of(
                            "taken", List.of("INTENT", "DUPLICATE_OK"),
                            "lost", List.of("INTENT", "DEAD"),
                            "untold", List.of("INTENT", "PARKED"),
                            "shared", List.of("INTENT", "PARKED")));
            assertThat(harness.deadLetters())
                    .extracting(letter -> letter.headers().get("tally.reason"))
                    .containsExactlyInAnyOrder(
                            "resource_missing", "refused_outcome_unknown", "refused_outcome_unknown");
            assertThat(stripe.requests()).isEqualTo(8);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Point.class,
            names = {"INTENTS_COMMITTED", "OUTCOMES_WRITTEN"})
    void shouldReplayDeadFactsOnceThoughTheDeliveryDies(Point point) throws Exception {
        try (StripeFake stripe = StripeFake.start();
                DeliveryHarness harness = harness(stripe)) {
            // Given: facts of a customer that is not there yet, one too old, and one that goes on being refused
            Instant hour = Instant.now().truncatedTo(ChronoUnit.HOURS).minus(Duration.ofHours(2));
            Instant old = hour.minus(Duration.ofDays(36));
            AtomicBoolean missing = new AtomicBoolean(true);
            stripe.rule(call -> call.customer().equals("cus_gone") || missing.get()
                    ? Optional.of(Reply.error(404, "resource_missing", "No such customer"))
                    : Optional.empty());
            harness.publish(interval("late", "user:u1", "cus_1", 5, hour));
            harness.publish(interval("old", "user:u1", "cus_1", 6, old));
            harness.publish(interval("gone", "user:u2", "cus_gone", 7, hour));
            LifeRunner first = harness.start();
            harness.awaitAllCommitted();
            List<Read> letters = harness.deadLetters();
            assertThat(letters).hasSize(3);

            // When: the customer is there, all are asked for twice, and the delivery dies
            missing.set(false);
            harness.crashOnceAt(point);
            Instant now = Instant.now().truncatedTo(ChronoUnit.MINUTES);
            for (int i = 0; i < 2; i++) {
                for (Read letter : letters) {
                    boolean tooOld = "too_old".equals(letter.headers().get("tally.reason"));
                    harness.replay(letter, 1, tooOld ? now : null);
                }
            }
            Awaitility.await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
                Map<String, List<String>> ledger = harness.ledger();
                assertThat(ledger.get("late")).hasSize(4);
                assertThat(ledger.get("old")).hasSize(3);
                assertThat(ledger.get("gone")).hasSize(4);
            });
            first.stop();
            harness.start();
            harness.publish(fact("more", "user:u1", "cus_1", 1));
            harness.publish(fact("more-2", "user:u2", "cus_2", 1));
            harness.awaitAllCommitted();

            // Then
            assertThat(harness.crashed()).isTrue();
            assertThat(stripe.sums()).isEqualTo(Map.of("cus_1", 12L, "cus_2", 1L));
            assertThat(stripe.taken("cus_1", "tally_actions")).containsExactlyInAnyOrder("late", "old", "more");
            assertThat(harness.ledger().get("late"))
                    .startsWith("INTENT", "DEAD", "INTENT")
                    .hasSize(4);
            assertThat(harness.ledger().get("old")).startsWith("DEAD", "INTENT").hasSize(3);
            assertThat(harness.ledger().get("gone"))
                    .startsWith("INTENT", "DEAD", "INTENT")
                    .hasSize(4);
            assertThat(harness.ledgerEntries())
                    .filteredOn(entry -> entry.getIdentifier().equals("old") && entry.getReplays() == 1)
                    .allSatisfy(entry -> {
                        assertThat(entry.getTimestamp()).isEqualTo(now);
                        assertThat(entry.getFactTimestamp()).isEqualTo(old);
                    });
            assertThat(harness.deadLetters())
                    .filteredOn(letter -> letter.headers().containsKey("tally.replay"))
                    .singleElement()
                    .satisfies(letter -> assertThat(letter.headers()).containsEntry("tally.replay", "1"));

            // And: the hour it is charged in now has it
            Reconciliation result =
                    harness.reconciler().compare(hour, Instant.now().plusSeconds(3_600), fact -> true);
            assertThat(result.hours(Verdict.MISSING)).isEmpty();
            assertThat(result.hours(Verdict.EXTRA)).isEmpty();
        }
    }

    @Test
    void shouldNotSendOnAnOldDecisionAfterALongHalt() throws Exception {
        try (StripeFake stripe = StripeFake.start();
                DeliveryHarness harness = harness(stripe)) {
            // Given: Stripe took the events, no answer could be read, and then the key was revoked
            Instant start = Instant.now().truncatedTo(ChronoUnit.MINUTES).minusSeconds(3_600);
            Set<String> taken = ConcurrentHashMap.newKeySet();
            stripe.rule(call -> Optional.of(
                    taken.add(call.identifier())
                            ? new Reply(200, "[]", true)
                            : Reply.error(401, "api_key_expired", "expired")));
            for (int i = 0; i < 5; i++) {
                harness.publish(interval("id-" + i, "user:u" + i, "cus_" + i, 7, start));
            }
            harness.start();
            Awaitility.await().until(() -> stripe.requests() > 8);

            // When: the key is renewed after a day, when Stripe has forgotten the identifiers
            harness.passTime(Duration.ofHours(24));
            stripe.forgetIdentifiers();
            stripe.rule(call -> Optional.empty());
            harness.awaitAllCommittedInTime();

            // Then
            assertThat(stripe.sums().values()).containsOnly(7L).hasSize(5);
            assertThat(harness.ledger().values())
                    .allSatisfy(states -> assertThat(states).endsWith("DUPLICATE_OK"));
            assertThat(harness.deadLetters()).isEmpty();
        }
    }

    @Test
    void shouldAskStripeAboutAFactThatGrewTooOldWithItsOutcomeUnknown() throws Exception {
        try (StripeFake stripe = StripeFake.start();
                DeliveryHarness harness = harness(stripe)) {
            // Given: no answer can be read, whether the event was taken or not
            Instant start = Instant.now()
                    .truncatedTo(ChronoUnit.MINUTES)
                    .minus(Duration.ofDays(35))
                    .plus(Duration.ofHours(1));
            stripe.rule(
                    call -> Optional.of(new Reply(200, "[]", call.identifier().equals("taken"))));
            harness.publish(interval("taken", "user:u1", "cus_1", 5, start));
            harness.publish(interval("lost", "user:u2", "cus_2", 6, start));
            LifeRunner first = harness.start();
            Awaitility.await().until(() -> stripe.requests() > 4);
            first.stop();

            // When
            stripe.rule(call -> Optional.empty());
            harness.passTime(Duration.ofHours(2));
            harness.start();
            harness.awaitAllCommitted();

            // Then: a person may bill by hand what is dead, and sums of five weeks ago that have nothing do not prove
            // that nothing is there
            assertThat(harness.ledger().get("taken")).endsWith("DUPLICATE_OK");
            assertThat(harness.ledger().get("lost")).endsWith("PARKED");
            assertThat(stripe.sums()).isEqualTo(Map.of("cus_1", 5L));
        }
    }

    @Test
    void shouldSendNothingAfterStandingStillUntilItHasHeardOfItsGroup() throws Exception {
        try (StripeFake stripe = StripeFake.start();
                DeliveryHarness harness = harness(stripe)) {
            // Given: a delivery stands still with facts in hand, and another one takes them over
            harness.loseSoon();
            CountDownLatch awake = harness.standStillOnceAt(Point.INTENTS_COMMITTED);
            for (int i = 0; i < 5; i++) {
                harness.publish(fact("id-" + i, "user:u" + i, "cus_" + i, 7));
            }
            harness.start();
            Awaitility.await().until(harness::crashed);
            harness.start();
            harness.awaitAllCommitted();

            // When: it goes on after more than a day
            harness.passTime(Duration.ofHours(25));
            stripe.forgetIdentifiers();
            awake.countDown();
            harness.publish(fact("id-more", "user:u1", "cus_1", 1));
            harness.awaitAllCommittedInTime();

            // Then
            assertThat(stripe.takenCount()).isEqualTo(6);
            assertThat(total(stripe)).isEqualTo(5 * 7 + 1);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Point.class,
            names = {"TAKEN_WRITTEN", "ANSWERED"})
    void shouldWriteNothingOfWhatAnotherHasTakenOverAndGoOn(Point point) throws Exception {
        try (StripeFake stripe = StripeFake.start();
                DeliveryHarness harness = harness(stripe)) {
            // Given: a fact without a customer, settled behind one that is still open, and a delivery that stands still
            // before it writes down anything of them, or what became of the one
            harness.loseSoon();
            stripe.rule(call -> Optional.of(Reply.error(500, "api_error", "sorry")));
            CountDownLatch awake = harness.standStillOnceAt(point);
            harness.publish(fact("id-open", "user:u1", "cus_1", 7));
            harness.publish(fact("id-free", "user:u1", null, 8));
            harness.start();
            Awaitility.await().until(harness::crashed);

            // When: another one finishes everything, then it goes on, alone
            stripe.rule(call -> Optional.empty());
            LifeRunner other = harness.start();
            harness.awaitAllCommitted();
            awake.countDown();
            other.stop();
            harness.publish(fact("id-more", "user:u1", "cus_1", 1));
            harness.awaitAllCommitted();

            // Then
            assertThat(harness.ledger().get("id-free")).containsExactly("DEAD");
            assertThat(harness.deadLetters()).hasSize(1);
            assertThat(stripe.sums()).isEqualTo(Map.of("cus_1", 8L));
            assertThat(harness.hasFailed()).isFalse();
        }
    }

    @Test
    void shouldParkWhatStripesSumContradicts() throws Exception {
        try (StripeFake stripe = StripeFake.start();
                DeliveryHarness harness = harness(stripe)) {
            // Given: an event whose answer cannot be read, and another in the same minute, that somebody else has sent
            Instant start = Instant.now().truncatedTo(ChronoUnit.MINUTES).minusSeconds(3_600);
            stripe.rule(call -> Optional.of(new Reply(200, "[]", true)));
            harness.publish(interval("a", "user:u1", "cus_1", 5, start));
            LifeRunner first = harness.start();
            Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> stripe.takenCount() == 1);
            first.stop();
            stripe.takeAlso("tally_actions", "cus_1", 6, start.plusSeconds(59));

            // When
            stripe.forgetIdentifiers();
            stripe.rule(call -> Optional.empty());
            harness.passTime(Duration.ofHours(24));
            harness.start();
            harness.awaitAllCommitted();

            // Then
            assertThat(stripe.sums()).isEqualTo(Map.of("cus_1", 11L));
            assertThat(harness.deadLetters())
                    .singleElement()
                    .satisfies(letter -> assertThat(letter.headers()).containsEntry("tally.reason", "outcome_unknown"));
        }
    }

    @Test
    void shouldNotSendAgainWhatTheLedgerKnows() throws Exception {
        try (StripeFake stripe = StripeFake.start();
                DeliveryHarness harness = harness(stripe)) {
            // Given
            stripe.rule(call -> call.identifier().equals("id-3")
                    ? Optional.of(Reply.error(404, "resource_missing", "gone"))
                    : Optional.empty());
            for (int i = 0; i < 20; i++) {
                harness.publish(fact("id-" + i, "user:u" + i % 4, "cus_" + i % 4, 1));
            }
            harness.start();
            harness.awaitAllCommitted();

            // When
            harness.start(harness.group() + "-again", new DeliveryStatus());
            harness.awaitAllCommitted(harness.group() + "-again");

            // Then
            assertThat(stripe.requests()).isEqualTo(20);
            assertThat(stripe.takenCount()).isEqualTo(19);
            assertThat(harness.deadLetters()).hasSize(1);
            assertThat(harness.ledgerEntries()).hasSize(40);
        }
    }

    @Test
    void shouldHoldEverythingBackWhileTheAccountIsRefused() throws Exception {
        try (StripeFake stripe = StripeFake.start();
                DeliveryHarness harness = harness(stripe)) {
            // Given
            AtomicBoolean locked = new AtomicBoolean(true);
            stripe.rule(call ->
                    locked.get() ? Optional.of(Reply.error(401, "", "Invalid API Key provided")) : Optional.empty());
            for (int i = 0; i < 12; i++) {
                harness.publish(fact("id-" + i, "user:u" + i, "cus_" + i, 1));
            }
            DeliveryStatus status = new DeliveryStatus();
            harness.start(harness.group(), status);
            Awaitility.await().untilAsserted(() -> {
                assertThat(status.halted()).contains("unauthorized");
                assertThat(stripe.requests()).isGreaterThan(14);
            });
            assertThat(harness.committed().values()).allMatch(offset -> offset == 0);

            // When
            locked.set(false);
            harness.awaitAllCommitted();

            // Then
            assertThat(stripe.takenCount()).isEqualTo(12);
            assertThat(harness.deadLetters()).isEmpty();
            assertThat(status.halted()).isEmpty();
        }
    }

    @Test
    void shouldTryFewFactsWhileStripeIsAway() throws Exception {
        try (StripeFake stripe = StripeFake.start();
                DeliveryHarness harness = harness(stripe)) {
            // Given many customers, and a Stripe that is out of service
            AtomicBoolean away = new AtomicBoolean(true);
            Set<String> tried = ConcurrentHashMap.newKeySet();
            stripe.rule(call -> {
                tried.add(call.identifier());
                return away.get() ? Optional.of(Reply.error(503, "", "out of service")) : Optional.empty();
            });
            for (int i = 0; i < 90; i++) {
                harness.publish(fact("id-" + i, "user:u" + i, "cus_" + i, 1));
            }
            DeliveryStatus status = new DeliveryStatus();
            harness.start(harness.group(), status);
            Awaitility.await().untilAsserted(() -> {
                assertThat(status.isStripeAway()).isTrue();
                assertThat(stripe.requests()).isGreaterThan(30);
            });

            // Then probes go on, and hardly a fact more gets an attempt of unknown outcome with each
            assertThat(status.halted()).isEmpty();
            assertThat(tried.size()).isLessThan(70);

            // When
            away.set(false);
            harness.awaitAllCommitted();

            // Then
            assertThat(stripe.takenCount()).isEqualTo(90);
            assertThat(status.isStripeAway()).isFalse();
        }
    }

    @Test
    void shouldCommitOnlyWhatLiesBeforeTheFirstOpenFact() throws Exception {
        try (StripeFake stripe = StripeFake.start();
                DeliveryHarness harness = harness(stripe)) {
            // Given: one fact is never answered well, for longer than the group waits for a poll
            harness.loseSoon();
            AtomicBoolean stuck = new AtomicBoolean(true);
            stripe.rule(call -> stuck.get() && call.identifier().equals("id-0")
                    ? Optional.of(Reply.error(500, "api_error", "sorry"))
                    : Optional.empty());
            for (int i = 0; i < 200; i++) {
                harness.publish(fact("id-" + i, "user:u1", i == 0 ? "cus_stuck" : "cus_" + i, 1));
            }
            DeliveryStatus status = new DeliveryStatus();
            LifeRunner runner = harness.start(harness.group(), status);
            Awaitility.await()
                    .untilAsserted(() -> assertThat(harness.heard().stream().filter("attempt Transient"::equals))
                            .hasSizeGreaterThan(30));
            int taken = stripe.takenCount();
            assertThat(harness.committed().values())
                    .allSatisfy(offset -> assertThat(offset).isZero());
            assertThat(status.snapshot().pending()).isEqualTo(200);
            assertThat(status.snapshot().oldestUnsent()).isPresent();

            // When
            runner.stop();
            stuck.set(false);
            harness.start();
            harness.awaitAllCommitted();

            // Then: what was settled before is not sent again
            assertThat(taken).isEqualTo(199);
            assertThat(stripe.takenCount()).isEqualTo(200);
            assertThat(harness.heard().stream().filter("attempt AlreadyExists"::equals))
                    .isEmpty();
            assertThat(harness.heard().stream().filter("read again"::equals)).hasSize(199);
        }
    }

    @Test
    void shouldHoldOnlyFactsOfAMeterThatMayNotBeSent() throws Exception {
        try (StripeFake stripe = StripeFake.start();
                DeliveryHarness harness = harness(stripe)) {
            // Given: more of them in the one partition than may be in delivery, the first of all among them; one says
            // two amounts
            harness.holdMeter("tally_credits");
            Instant now = Instant.now();
            List<String> credits = new ArrayList<>();
            for (int i = 0; i < 150; i++) {
                harness.publish(fact("credits-" + i, "user:u1", "cus_1", "tally_credits", 1, now));
                harness.publish(fact("actions-" + i, "user:u1", "cus_2", "tally_actions", 1, now));
                credits.add("credits-" + i);
            }
            harness.publish(fact("credits-0", "user:u1", "cus_1", "tally_credits", 2, now));
            DeliveryStatus status = new DeliveryStatus();
            LifeRunner first = harness.start(harness.group(), status);
            Awaitility.await().until(() -> stripe.takenCount() == 150);
            Awaitility.await().until(() -> status.snapshot().held() == 151);
            assertThat(status.snapshot().oldestUnsent()).isPresent();

            // When: it is started anew, a day later, and then the meter is mended
            first.stop();
            assertThat(harness.ledger()).hasSize(150).doesNotContainKey("credits-0");
            harness.passTime(Duration.ofHours(25));
            harness.start();
            Awaitility.await()
                    .until(() -> harness.heard().stream()
                                    .filter("read again"::equals)
                                    .count()
                            == 150);
            harness.releaseMeter("tally_credits");
            harness.awaitAllCommitted();

            // Then: each once, in order, as if nothing had been
            assertThat(stripe.taken("cus_1", "tally_credits")).isEqualTo(credits);
            assertThat(stripe.takenCount()).isEqualTo(300);
            assertThat(harness.ledger().get("credits-1")).containsExactly("INTENT", "ACCEPTED");
            assertThat(harness.deadLetters())
                    .singleElement()
                    .satisfies(letter -> assertThat(letter.headers()).containsEntry("tally.reason", "amount_differs"));
        }
    }

    @Test
    void shouldParkWhatStripeKnowsAndTheLedgerDoesNot() throws Exception {
        try (StripeFake stripe = StripeFake.start();
                DeliveryHarness harness = harness(stripe)) {
            // Given: the first attempt for the one cannot have arrived, the one for the other can
            stripe.knowsAlready("id-1");
            stripe.rule(call -> switch (call.key()) {
                case "id-1#0" -> Optional.of(Reply.error(429, "rate_limit", "slow down"));
                case "id-2#0" ->
                    Optional.of(Reply.error(500, "api_error", "sorry").afterTaking());
                default -> Optional.empty();
            });
            byte[] foreign = harness.publish(fact("id-1", "user:u1", "cus_1", 5));
            harness.publish(fact("id-2", "user:u1", "cus_1", 6));

            // When: also read again by a delivery that knows the ledger only
            harness.start();
            harness.awaitAllCommitted();
            harness.start(harness.group() + "-again", new DeliveryStatus());
            harness.awaitAllCommitted(harness.group() + "-again");

            // Then
            assertThat(harness.ledger())
                    .isEqualTo(Map.of(
                            "id-1", List.of("INTENT", "PARKED"),
                            "id-2", List.of("INTENT", "DUPLICATE_OK")));
            assertThat(harness.deadLetters()).singleElement().satisfies(letter -> {
                assertThat(letter.value()).isEqualTo(foreign);
                assertThat(letter.headers()).containsEntry("tally.reason", "foreign_duplicate");
            });
            assertThat(stripe.requests()).isEqualTo(4);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Point.class,
            names = {"OUTCOMES_WRITTEN", "OUTCOMES_COMMITTED"})
    void shouldEndOnceWhatStripeReportsLaterThoughTheDeliveryDies(Point point) throws Exception {
        try (StripeFake stripe = StripeFake.start();
                DeliveryHarness harness = harness(stripe)) {
            // Given: five facts that Stripe took, one that it refused
            stripe.rule(call -> call.identifier().equals("id-dead")
                    ? Optional.of(Reply.error(404, "resource_missing", "gone"))
                    : Optional.empty());
            Map<String, byte[]> facts = new HashMap<>();
            for (int i = 0; i < 5; i++) {
                facts.put("id-" + i, harness.publish(fact("id-" + i, "user:u" + i, "cus_" + i, 1)));
            }
            harness.publish(fact("id-dead", "user:u0", "cus_0", 1));
            LifeRunner first = harness.start();
            harness.awaitAllCommitted();

            // When: reports name two of them, the refused one, a stranger, and one by a report from before it was sent
            harness.crashOnceAt(point);
            harness.report("id-1", "meter_event_customer_not_found", Instant.now());
            harness.report("id-3", "archived_meter", Instant.now());
            harness.report("id-dead", "archived_meter", Instant.now());
            harness.report("stranger", "archived_meter", Instant.now());
            harness.report("id-4", "archived_meter", Instant.now().minusSeconds(3_600));
            Awaitility.await()
                    .atMost(Duration.ofSeconds(30))
                    .untilAsserted(() -> assertThat(harness.deadLetters()).hasSize(3));

            // And: they are read again by one that starts later, and take over
            first.stop();
            harness.start();
            harness.publish(fact("id-5", "user:u1", "cus_1", 1));
            harness.publish(fact("id-6", "user:u3", "cus_3", 1));
            harness.awaitAllCommitted();

            // Then
            assertThat(harness.crashed()).isTrue();
            assertThat(harness.ledger())
                    .containsEntry("id-1", List.of("INTENT", "ACCEPTED", "DEAD"))
                    .containsEntry("id-3", List.of("INTENT", "ACCEPTED", "DEAD"))
                    .containsEntry("id-4", List.of("INTENT", "ACCEPTED"))
                    .containsEntry("id-dead", List.of("INTENT", "DEAD"));
            assertThat(harness.deadLetters())
                    .extracting(letter -> letter.headers().get("tally.reason"))
                    .containsExactlyInAnyOrder(
                            "resource_missing", "async_meter_event_customer_not_found", "async_archived_meter");
            assertThat(harness.deadLetters())
                    .filteredOn(letter ->
                            "async_archived_meter".equals(letter.headers().get("tally.reason")))
                    .singleElement()
                    .satisfies(letter -> assertThat(letter.value()).isEqualTo(facts.get("id-3")));
            assertThat(stripe.requests()).isEqualTo(8);
        }
    }

    @Test
    void shouldEndWhatWasReportedBeforeItsAnswerArrived() throws Exception {
        try (StripeFake stripe = StripeFake.start();
                DeliveryHarness harness = harness(stripe)) {
            // Given
            stripe.rule(call -> {
                harness.report("id-1", "archived_meter", Instant.now());
                return Optional.empty();
            });
            harness.publish(fact("id-1", "user:u1", "cus_1", 1));

            // When
            harness.start();
            harness.awaitAllCommitted();

            // Then
            assertThat(harness.ledger().get("id-1")).containsExactly("INTENT", "ACCEPTED", "DEAD");
            assertThat(harness.deadLetters()).hasSize(1);
        }
    }

    @Test
    void shouldBeComparedWithWhatStripeHas() throws Exception {
        try (StripeFake stripe = StripeFake.start();
                DeliveryHarness harness = harness(stripe)) {
            // Given: four hours of two customers; Stripe loses one fact, and has one that nobody here has sent
            Instant start = Instant.now().truncatedTo(ChronoUnit.HOURS).minus(Duration.ofHours(5));
            for (int hour = 0; hour < 4; hour++) {
                for (int i = 0; i < 6; i++) {
                    Instant at = start.plus(Duration.ofHours(hour)).plusSeconds(300L * i);
                    String identifier = "id-" + hour + "-" + i;
                    harness.publish(interval(identifier, "user:u" + i % 2, "cus_" + i % 2, 10 + i, at));
                }
            }
            harness.publish(fact("no-customer", "user:free", null, 9));
            harness.start();
            harness.awaitAllCommitted();
            stripe.lose("id-1-2");
            stripe.takeAlso(
                    "tally_actions", "cus_1", 7, start.plus(Duration.ofHours(2)).plusSeconds(59));

            // When
            Reconciliation result =
                    harness.reconciler().compare(start, Instant.now().plusSeconds(3_600), fact -> true);
            Reconciliation ofOne = harness.reconciler()
                    .compare(
                            start,
                            start.plus(Duration.ofHours(2)),
                            fact -> fact.customer().equals("cus_0"));

            // Then
            assertThat(result.untold()).isEmpty();
            assertThat(result.hours(Verdict.EQUAL)).hasSize(6);
            assertThat(result.hours(Verdict.UNSETTLED)).isEmpty();
            assertThat(result.hours(Verdict.MISSING)).singleElement().satisfies(hour -> {
                assertThat(hour.key())
                        .isEqualTo(new HourKey("cus_0", "tally_actions", start.plus(Duration.ofHours(1))));
                assertThat(hour.difference()).isEqualByComparingTo("-12");
            });
            assertThat(result.hours(Verdict.EXTRA))
                    .singleElement()
                    .satisfies(hour -> assertThat(hour.difference()).isEqualByComparingTo("7"));
            assertThat(result.absent()).extracting(SentFact::identifier).containsExactly("id-1-2");
            assertThat(ofOne.hours()).hasSize(2);
            assertThat(ofOne.difference(Verdict.MISSING)).isEqualByComparingTo("-12");

            // When: by schedule, the second time because the first partition is another's
            List<Reconciliation> scheduled = new ArrayList<>();
            AtomicBoolean ours = new AtomicBoolean(true);
            AtomicReference<Instant> now = new AtomicReference<>(Instant.now());
            ReconcileWatch watch = new ReconcileWatch(
                    harness.reconciler(), Duration.ofHours(6), Duration.ZERO, ours::get, scheduled::add, now::get);
            watch.turn();
            assertThat(scheduled).isEmpty();
            now.updateAndGet(before -> before.plus(Duration.ofMinutes(10)));
            watch.turn();
            watch.turn();
            ours.set(false);
            now.updateAndGet(before -> before.plus(Duration.ofHours(6)));
            watch.turn();

            // Then
            assertThat(scheduled)
                    .singleElement()
                    .satisfies(one -> assertThat(one.hours(Verdict.MISSING)).isEqualTo(result.hours(Verdict.MISSING)));
        }
    }

    @Test
    void shouldConfirmInTheLedgerWhatAComparisonFinds() throws Exception {
        try (StripeFake stripe = StripeFake.start();
                DeliveryHarness harness = harness(stripe)) {
            // Given: two hours, in the second of which Stripe loses one of two facts, and one more is reported as wrong
            Instant start = Instant.now().truncatedTo(ChronoUnit.HOURS).minus(Duration.ofHours(5));
            harness.stream();
            harness.publish(interval("there", "user:u1", "cus_1", 5, start));
            harness.publish(interval("beside", "user:u1", "cus_1", 6, start.plusSeconds(3_600)));
            harness.publish(interval("lost", "user:u1", "cus_1", 7, start.plusSeconds(3_900)));
            harness.publish(interval("wrong", "user:u2", "cus_2", 8, start));
            DeliveryStatus status = new DeliveryStatus();
            LifeRunner first = harness.start(harness.group(), status);
            harness.awaitAllCommitted();
            stripe.lose("lost");
            Awaitility.await().until(() -> status.unconfirmed().count() == 4);
            Reconciliation result = harness.reconciler().compare(start, start.plusSeconds(7_200), fact -> true);
            assertThat(result.confirmed())
                    .extracting(SentFact::identifier)
                    .containsExactlyInAnyOrder("there", "beside", "wrong");
            assertThat(result.absent()).extracting(SentFact::identifier).containsExactly("lost");
            harness.report("wrong", "archived_meter", Instant.now());
            Awaitility.await()
                    .until(() ->
                            harness.ledger().getOrDefault("wrong", List.of()).contains("DEAD"));

            // When: it is asked for twice, also of who takes over
            harness.confirm(result);
            harness.confirm(result);
            Awaitility.await()
                    .until(() ->
                            harness.ledger().getOrDefault("there", List.of()).contains("ACCEPTED")
                                    && harness.ledger()
                                            .getOrDefault("beside", List.of())
                                            .contains("ACCEPTED"));
            Awaitility.await().until(() -> status.unconfirmed().count() == 1);
            assertThat(status.unconfirmed().oldest()).isPresent();
            first.stop();
            harness.start();
            harness.publish(fact("more", "user:u1", "cus_1", 1));
            harness.publish(fact("more-2", "user:u2", "cus_2", 1));
            harness.awaitAllCommitted();

            // Then: no newer entry was overwritten
            assertThat(harness.ledger())
                    .containsEntry("there", List.of("INTENT", "UNCONFIRMED", "ACCEPTED"))
                    .containsEntry("beside", List.of("INTENT", "UNCONFIRMED", "ACCEPTED"))
                    .containsEntry("lost", List.of("INTENT", "UNCONFIRMED"))
                    .containsEntry("wrong", List.of("INTENT", "UNCONFIRMED", "DEAD"));
            assertThat(stripe.requests()).isEqualTo(6);
        }
    }

    private static long total(StripeFake stripe) {
        return stripe.sums().values().stream().mapToLong(Long::longValue).sum();
    }

    private DeliveryHarness harness(StripeFake stripe) throws Exception {
        return new DeliveryHarness(kafka, stripe);
    }
}
