package dev.tally.sink.seats;

import static dev.tally.sink.testing.LoopHarness.await;
import static dev.tally.sink.testing.LoopHarness.awaitThrough;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.schemas.SubscriptionStatus;
import dev.tally.sink.delivery.CrashPoints.Point;
import dev.tally.sink.delivery.LifeRunner;
import dev.tally.sink.reporting.Answer;
import dev.tally.sink.testing.Read;
import dev.tally.sink.testing.StripeItemsFake;
import dev.tally.sink.testing.StripeItemsFake.Fault;
import dev.tally.sink.testing.TestKafka;
import java.time.Duration;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Execution(ExecutionMode.CONCURRENT) // tests mostly wait, and have topics of their own
@ExtendWith(TestKafka.Shared.class)
final class SeatsTest {
    private static final String A = "org:a";
    private static final String B = "org:b";
    private static final String ITEM = "si_a";
    private final TestKafka kafka;

    SeatsTest(TestKafka kafka) {
        this.kafka = kafka;
    }

    private SeatsHarness harness() throws Exception {
        return new SeatsHarness(kafka);
    }

    /** All at once, each with topics of its own: a crash takes a while to get over. */
    @Test
    void shouldTellEachDayOnceThoughTheProcessDies() throws Exception {
        Map<Point, SeatsHarness> runs = new EnumMap<>(Point.class);
        try {
            // Given
            for (Point point : Point.values()) {
                SeatsHarness seats = harness();
                runs.put(point, seats);
                for (int i = 0; i < 4; i++) {
                    seats.subscribe("org:o" + i, "si_" + i, 6);
                    seats.change("org:o" + i, 1, 7, "2026-11-16");
                    seats.change("org:o" + i, 2, 6, "2026-11-23");
                }
                seats.crashOnceAt(point);
            }

            // When
            runs.values().forEach(SeatsHarness::start);

            // Then
            for (Map.Entry<Point, SeatsHarness> run : runs.entrySet()) {
                SeatsHarness seats = run.getValue();
                seats.awaitDone();
                assertThat(seats.crashed()).as("crashed at " + run.getKey()).isTrue();
                for (int i = 0; i < 4; i++) {
                    assertThat(seats.stripe().executed("si_" + i))
                            .as("crashed at " + run.getKey())
                            .containsExactly("7@2026-11-16", "6@2026-11-23");
                    assertThat(seats.standing("org:o" + i)).isEqualTo("SENT 6 v2");
                }
                assertThat(seats.heard()).doesNotContain("refused", "gave up");
            }
        } finally {
            runs.values().forEach(SeatsHarness::close);
        }
    }

    @Test
    void shouldLetChangesComeTogetherAndItemsRest() throws Exception {
        try (SeatsHarness seats = harness().debounce(Duration.ofHours(1))) {
            // Given
            seats.subscribe(A, ITEM, 6);
            seats.change(A, 1, 7, "2026-11-23");
            seats.start();
            await(() -> assertThat(seats.standing(A)).isEqualTo("WAITING 0 v0"));
            seats.change(A, 2, 8, "2026-11-23");
            seats.change(A, 3, 9, "2026-11-23");
            awaitTurn(seats, 1);
            assertThat(seats.stripe().calls()).isZero();

            // When
            seats.passTime(Duration.ofHours(1));
            await(() -> assertThat(seats.standing(A)).isEqualTo("SENT 9 v3"));
            seats.change(A, 4, 6, "2026-11-23");
            awaitTurn(seats, 2);

            // Then
            assertThat(seats.stripe().executed(ITEM)).containsExactly("9@2026-11-23");
            assertThat(Collections.frequency(seats.heard(), "superseded")).isEqualTo(2);
            seats.passTime(Duration.ofHours(1));
            seats.awaitDone();
            assertThat(seats.stripe().executed(ITEM)).containsExactly("9@2026-11-23", "6@2026-11-23");
        }
    }

    /** A change of another org, which comes to its outcome at once, has passed the same thread after all that was published before. */
    private static void awaitTurn(SeatsHarness seats, long version) throws Exception {
        // In the partition of A, so that it comes after A's changes.
        String beside = "org:a-beside";
        for (int i = 0; !isBesideA(seats, beside); i++) {
            beside = "org:a-beside-" + i;
        }
        String org = beside;
        seats.change(org, version, 1, "2026-11-23");
        await(() -> assertThat(seats.standing(org)).isEqualTo("NO_ITEM 1 v" + version));
    }

    private static boolean isBesideA(SeatsHarness seats, String org) {
        return seats.partition(org) == seats.partition(A);
    }

    @Test
    void shouldSendNothingThatStripeHasAlready() throws Exception {
        try (SeatsHarness seats = harness()) {
            // Given
            seats.subscribe(A, ITEM, 6);
            seats.change(A, 1, 7, "2026-11-16");
            seats.change(A, 2, 6, "2026-11-16");
            seats.change(A, 2, 99, "2026-11-16");

            // When
            seats.start();
            seats.awaitDone();

            // Then
            assertThat(seats.standing(A)).isEqualTo("IN_STEP 6 v2");
            assertThat(seats.stripe().executed()).isEmpty();
            assertThat(seats.heard()).contains("in_step", "superseded", "known");
            assertThat(seats.partitionsOf(seats.ledgerTopic())).isEqualTo(seats.partitionsOf(seats.changesTopic()));
        }
    }

    @Test
    void shouldFollowTheItemThatTheSubscriptionNames() throws Exception {
        try (SeatsHarness seats = harness()) {
            // Given: changes before there is an item
            seats.stripe().put(ITEM, 1L, false);
            seats.stripe().put("si_next", 1L, false);
            seats.change(A, 1, 7, "2026-11-10");
            seats.change(A, 2, 8, "2026-11-12");
            seats.start();
            await(() -> assertThat(seats.standing(A)).isEqualTo("NO_ITEM 8 v2"));
            assertThat(seats.stripe().calls()).isZero();

            // When
            seats.subscription(A, ITEM, SubscriptionStatus.ACTIVE);

            // Then
            await(() -> assertThat(seats.standing(A)).isEqualTo("SENT 8 v2"));
            assertThat(seats.stripe().executed(ITEM)).containsExactly("8@2026-11-12");

            // When: another item
            seats.subscription(A, "si_next", SubscriptionStatus.PAST_DUE);
            await(() -> assertThat(seats.stripe().executed("si_next")).containsExactly("8@2026-11-12"));

            // When: canceled
            seats.subscription(A, "si_next", SubscriptionStatus.CANCELED);
            seats.change(A, 3, 9, "2026-11-20");
            await(() -> assertThat(seats.standing(A)).isIn("CANCELED 9 v3", "SENT 9 v3"));
            seats.change(A, 4, 10, "2026-11-21");
            await(() -> assertThat(seats.standing(A)).isEqualTo("CANCELED 10 v4"));

            // When: subscribed anew, and the record is removed
            seats.subscription(A, "si_next", SubscriptionStatus.ACTIVE);
            await(() -> assertThat(seats.standing(A)).isEqualTo("SENT 10 v4"));
            seats.removeSubscription(A);
            seats.change(A, 5, 11, "2026-11-22");
            await(() -> assertThat(seats.standing(A)).isIn("NO_ITEM 11 v5", "SENT 11 v5"));
            assertThat(seats.stripe().executed(ITEM)).hasSize(1);
        }
    }

    @Test
    void shouldKeepWhatCannotBeSentAsDeadLetters() throws Exception {
        try (SeatsHarness seats = harness()) {
            // Given
            seats.subscribe(B, "si_b", 1);
            seats.stripe().put("si_metered", null, true);
            seats.subscription("org:metered", "si_metered", SubscriptionStatus.ACTIVE);
            seats.subscription("org:gone", "si_gone", SubscriptionStatus.ACTIVE);
            Map<String, byte[]> expected = new HashMap<>();
            expected.put("metered_price", seats.bytes("org:metered", 1, 2, "2026-11-16"));
            expected.put("resource_missing", seats.bytes("org:gone", 1, 3, "2026-11-16"));
            expected.put("invalid_id", seats.bytes("user:u", 1, 3, "2026-11-16"));
            expected.put("invalid_version", seats.bytes(B, 0, 3, "2026-11-16"));
            expected.put("negative_amount", seats.bytes(B, 1, -1, "2026-11-16"));
            expected.put("undecodable", new byte[] {1, 2, 3});
            seats.changeBytes("org:metered", expected.get("metered_price"));
            seats.changeBytes("org:gone", expected.get("resource_missing"));
            seats.changeBytes("user:u", expected.get("invalid_id"));
            seats.changeBytes(B, expected.get("invalid_version"));
            seats.changeBytes(B, expected.get("negative_amount"));
            seats.changeBytes(B, expected.get("undecodable"));
            seats.changeBytes(B, null);
            seats.change(B, 1, 2, "2026-11-16");

            // When
            seats.start();
            seats.awaitDone();

            // Then
            assertThat(seats.stripe().executed()).hasSize(1);
            assertThat(seats.standing(B)).isEqualTo("SENT 2 v1");
            List<Read> letters = seats.deadLetters();
            assertThat(letters).hasSize(7).allSatisfy(letter -> {
                String reason = letter.headers().get("tally.reason");
                if (!"null_value".equals(reason)) {
                    assertThat(letter.value()).as(reason).isEqualTo(expected.get(reason));
                }
                assertThat(letter.headers())
                        .containsEntry("tally.topic", seats.changesTopic())
                        .containsKeys("tally.detail", "tally.partition", "tally.offset", "tally.at");
            });
            assertThat(seats.heard()).contains("refused", "unreadable");

            // When: a later change, for an item that is there by then
            seats.stripe().put("si_gone", 1L, false);
            seats.change("org:gone", 2, 4, "2026-11-17");
            seats.awaitDone();

            // Then
            assertThat(seats.stripe().executed("si_gone")).containsExactly("4@2026-11-17");
            assertThat(seats.deadLetters()).hasSize(7);
        }
    }

    @Test
    void shouldTryAgainWithoutHoldingOthersBack() throws Exception {
        try (SeatsHarness seats = harness()) {
            // Given: one item fails in turn before and after it is updated, and without an answer
            AtomicBoolean broken = new AtomicBoolean(true);
            AtomicInteger updates = new AtomicInteger();
            seats.stripe().rule(call -> {
                if (!broken.get() || !call.item().equals(ITEM)) {
                    return Optional.empty();
                }
                return call.isRead()
                        ? Optional.empty()
                        : switch (updates.incrementAndGet() % 3) {
                            case 0 -> Optional.of(new Fault(StripeItemsFake.serverError(), false));
                            case 1 -> Optional.of(new Fault(new Answer.Unknown("no_answer", "cut"), false));
                            default -> Optional.of(new Fault(new Answer.Permanent("odd", "only once"), false));
                        };
            });
            seats.subscribe(A, ITEM, 6);
            seats.change(A, 1, 7, "2026-11-16");
            for (int i = 0; i < 6; i++) {
                seats.subscribe("org:other" + i, "si_other" + i, 1);
                seats.change("org:other" + i, 1, 5, "2026-11-16");
            }

            // When
            seats.start();
            await(() -> {
                assertThat(updates.get()).isGreaterThan(6);
                assertThat(seats.stripe().executed()).hasSize(6);
            });
            assertThat(seats.status().snapshot().pending()).isEqualTo(1);
            assertThat(seats.status().snapshot().oldestUnsent()).isPresent();
            broken.set(false);
            seats.awaitDone();

            // Then
            assertThat(seats.stripe().executed(ITEM)).containsExactly("7@2026-11-16");
            assertThat(seats.deadLetters()).isEmpty();
        }
    }

    @Test
    void shouldReadBeforeItSendsAgainAfterAnError() throws Exception {
        try (SeatsHarness seats = harness()) {
            // Given: the update is made, and answered by an error
            Set<String> failed = ConcurrentHashMap.newKeySet();
            seats.stripe()
                    .rule(call -> !call.isRead() && failed.add(call.item())
                            ? Optional.of(new Fault(StripeItemsFake.serverError(), true))
                            : Optional.empty());
            seats.subscribe(A, ITEM, 6);
            seats.change(A, 1, 7, "2026-11-16");

            // When
            seats.start();
            seats.awaitDone();

            // Then
            assertThat(seats.stripe().executed(ITEM)).containsExactly("7@2026-11-16");
            assertThat(seats.standing(A)).isEqualTo("IN_STEP 7 v1");
        }
    }

    @Test
    void shouldHoldEverythingBackWhileTheAccountIsRefused() throws Exception {
        try (SeatsHarness seats = harness()) {
            // Given
            AtomicBoolean locked = new AtomicBoolean(true);
            seats.stripe()
                    .rule(call -> locked.get()
                            ? Optional.of(new Fault(new Answer.AccountHalt("forbidden", "no permission"), false))
                            : Optional.empty());
            for (int i = 0; i < 4; i++) {
                seats.subscribe("org:o" + i, "si_" + i, 1);
                seats.change("org:o" + i, 1, 2, "2026-11-16");
            }
            seats.start();
            await(() -> assertThat(seats.status().halted()).contains("forbidden"));

            // When
            locked.set(false);
            seats.awaitDone();

            // Then
            assertThat(seats.stripe().executed()).hasSize(4);
            assertThat(seats.deadLetters()).isEmpty();
            assertThat(seats.status().halted()).isEmpty();
        }
    }

    @Test
    void shouldWaitWhereASubscriptionHasHadItsUpdatesOfTheHour() throws Exception {
        try (SeatsHarness seats = harness().updatesPerHour(3)) {
            // Given
            seats.subscribe(A, ITEM, 1);
            seats.subscribe(B, "si_b", 1);
            for (int i = 1; i <= 5; i++) {
                seats.change(A, i, 1 + i, "2026-11-1" + i);
            }
            seats.start();
            await(() -> assertThat(seats.standing(A)).isEqualTo("SENT 4 v3"));
            seats.change(B, 1, 2, "2026-11-16");
            await(() -> assertThat(seats.standing(B)).isEqualTo("SENT 2 v1"));
            assertThat(seats.stripe().executed(ITEM)).hasSize(3);

            // When
            seats.passTime(Duration.ofHours(1));
            seats.awaitDone();

            // Then
            assertThat(seats.stripe().executed(ITEM))
                    .containsExactly("2@2026-11-11", "3@2026-11-12", "4@2026-11-13", "5@2026-11-14", "6@2026-11-15");
        }
    }

    @Test
    void shouldNotBeUndoneByAFormerOwner() throws Exception {
        try (SeatsHarness seats = harness()) {
            // Given: the first process has sent something that takes long to reach Stripe
            CountDownLatch sent = new CountDownLatch(1);
            CountDownLatch arrive = new CountDownLatch(1);
            CountDownLatch over = new CountDownLatch(1);
            AtomicBoolean first = new AtomicBoolean(true);
            seats.stripe().rule(call -> {
                if (!call.isRead() && first.compareAndSet(true, false)) {
                    sent.countDown();
                    awaitThrough(arrive);
                    over.countDown();
                }
                return Optional.empty();
            });
            seats.subscribe(A, ITEM, 6);
            seats.change(A, 1, 7, "2026-11-16");
            LifeRunner former = seats.start();
            assertThat(sent.await(30, TimeUnit.SECONDS)).isTrue();
            seats.change(A, 2, 6, "2026-11-23");

            // When
            former.stop();
            seats.start();
            await(() -> assertThat(seats.standing(A)).isEqualTo("SENT 6 v2"));
            arrive.countDown();
            assertThat(over.await(30, TimeUnit.SECONDS)).isTrue();

            // Then: it arrives under a key that has been used, which changes nothing
            seats.awaitDone();
            assertThat(seats.stripe().executed(ITEM)).containsExactly("7@2026-11-16", "6@2026-11-23");
            assertThat(seats.stripe().quantity(ITEM)).isEqualTo(6);
        }
    }

    @Test
    void shouldTellEachDayOnceWhilePartitionsMove() throws Exception {
        try (SeatsHarness seats = harness()) {
            // Given
            int orgs = 12;
            for (int i = 0; i < orgs; i++) {
                seats.subscribe("org:o" + i, "si_" + i, 1);
                seats.change("org:o" + i, 1, 2, "2026-11-11");
            }
            LifeRunner first = seats.start();
            await(() -> assertThat(seats.stripe().executed()).isNotEmpty());

            // When
            seats.start();
            for (int i = 0; i < orgs; i++) {
                seats.change("org:o" + i, 2, 3, "2026-11-12");
            }
            await(() -> assertThat(seats.stripe().executed()).hasSizeGreaterThan(orgs));
            first.stop();
            for (int i = 0; i < orgs; i++) {
                seats.change("org:o" + i, 3, 4, "2026-11-13");
            }
            seats.awaitDone();

            // Then
            for (int i = 0; i < orgs; i++) {
                assertThat(seats.stripe().executed("si_" + i))
                        .containsExactly("2@2026-11-11", "3@2026-11-12", "4@2026-11-13");
            }
            assertThat(seats.heard()).doesNotContain("gave up");
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Point.class,
            names = {"INTENTS_COMMITTED", "ANSWERED"})
    void shouldWriteNothingOfWhatAnotherHasTakenOverAndGoOn(Point point) throws Exception {
        try (SeatsHarness seats = harness()) {
            // Given: a process stands still before it sends what it has written down, or before it says what became of
            // it
            seats.loseSoon();
            CountDownLatch awake = seats.standStillOnceAt(point);
            seats.subscribe(A, ITEM, 6);
            seats.change(A, 1, 7, "2026-11-16");
            seats.start();
            await(() -> assertThat(seats.crashed()).isTrue());

            // When: another one finishes it and a later one, then it goes on, alone
            LifeRunner other = seats.start();
            seats.awaitDone();
            seats.change(A, 2, 8, "2026-11-17");
            seats.awaitDone();
            awake.countDown();
            other.stop();
            seats.change(A, 3, 9, "2026-11-18");
            seats.awaitDone();

            // Then
            assertThat(seats.stripe().executed(ITEM)).containsExactly("7@2026-11-16", "8@2026-11-17", "9@2026-11-18");
            assertThat(seats.hasFailed()).isFalse();
        }
    }

    @Test
    void shouldReportWhatDiffersAndLeaveIt() throws Exception {
        try (SeatsHarness seats = harness()) {
            // Given
            seats.subscribe(A, ITEM, 6);
            seats.change(A, 1, 7, "2026-11-16");
            seats.start();
            seats.awaitDone();
            seats.stripe().put(ITEM, 9L, false);

            // When
            seats.passTime(Duration.ofHours(24));

            // Then
            await(() -> assertThat(seats.heard()).contains("check DIFFERS"));
            seats.passTime(Duration.ofHours(24));
            await(() -> assertThat(seats.differing()).isEqualTo(1));
            assertThat(seats.stripe().executed(ITEM)).containsExactly("7@2026-11-16");

            // When: a later change
            seats.change(A, 2, 8, "2026-11-25");
            seats.awaitDone();
            seats.passTime(Duration.ofHours(24));

            // Then
            await(() -> assertThat(seats.heard()).contains("check IN_STEP"));
            seats.passTime(Duration.ofHours(1));
            await(() -> assertThat(seats.differing()).isZero());
        }
    }

    @Test
    void shouldPutRightWhatDiffersWhereItIsToldTo() throws Exception {
        try (SeatsHarness seats = harness().repair()) {
            // Given
            seats.subscribe(A, ITEM, 6);
            seats.change(A, 1, 7, "2026-11-16");
            seats.start();
            seats.awaitDone();
            seats.stripe().put(ITEM, 9L, false);

            // When
            seats.passTime(Duration.ofHours(24));

            // Then: prorated from now on, under a key of its own
            await(() -> assertThat(seats.stripe().executed(ITEM)).containsExactly("7@2026-11-16", "7@2026-11-24"));
            seats.awaitDone();
            assertThat(seats.standing(A)).isEqualTo("SENT 7 v1");
        }
    }
}
