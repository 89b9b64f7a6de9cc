package dev.tally.sink.alerts.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.schemas.MembershipStatus;
import dev.tally.schemas.Role;
import dev.tally.sink.delivery.CrashPoints.Point;
import dev.tally.sink.delivery.LifeRunner;
import dev.tally.sink.testing.TestKafka;
import dev.tally.sink.testing.WebhookEndpoint.Received;
import jakarta.mail.internet.MimeMessage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Execution(ExecutionMode.CONCURRENT) // tests mostly wait, and have topics of their own
@ExtendWith(TestKafka.Shared.class)
final class AlertDeliveryTest {
    private final TestKafka kafka;

    AlertDeliveryTest(TestKafka kafka) {
        this.kafka = kafka;
    }

    private AlertHarness harness() throws Exception {
        return new AlertHarness(kafka);
    }

    @ParameterizedTest
    @EnumSource(
            value = Point.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = {"TAKEN_WRITTEN", "TAKEN_COMMITTED"})
    void shouldLoseNothingAndRepeatOnlyWhatWasInFlightWhenItDies(Point point) throws Exception {
        try (AlertHarness harness = harness()) {
            // Given: three subjects, each told twice
            for (int subject = 0; subject < 3; subject++) {
                harness.subscribe("user:u" + subject, List.of("/u" + subject), List.of("u" + subject + "@x.example"));
                for (int i = 0; i < 4; i++) {
                    harness.alert("user:u" + subject, "a" + subject + "-" + i);
                }
            }
            harness.crashOnceAt(point);

            // When
            harness.start();
            harness.awaitOutcomes(24);

            // Then
            assertThat(harness.crashed()).isTrue();
            boolean repeats = point == Point.ANSWERED || point == Point.OUTCOMES_WRITTEN;
            for (int subject = 0; subject < 3; subject++) {
                String prefix = "a" + subject + "-";
                List<String> posted = harness.endpoint().alerts("/u" + subject);
                assertThat(posted.stream().distinct().toList())
                        .containsExactly(prefix + 0, prefix + 1, prefix + 2, prefix + 3);
                List<String> mailed = Arrays.stream(
                                harness.mail().getReceivedMessagesForDomain("u" + subject + "@x.example"))
                        .map(AlertDeliveryTest::messageId)
                        .toList();
                assertThat(mailed.stream().distinct()).hasSize(4);
                if (!repeats && point != Point.OUTCOMES_COMMITTED) {
                    assertThat(posted).hasSize(4);
                    assertThat(mailed).hasSize(4);
                }
            }
            assertThat(harness.ledger())
                    .hasSize(24)
                    .allSatisfy((key, states) -> assertThat(states).containsExactly("PENDING", "DELIVERED"));
            assertThat(harness.deadLetters()).isEmpty();
            Map<String, Integer> alerts = harness.alertPartitions();
            assertThat(harness.ledgerPartitions())
                    .allSatisfy((alert, partition) ->
                            assertThat(partition).isEqualTo(alerts.get("user:u" + alert.charAt(1))));
        }
    }

    @Test
    void shouldTryAgainInOrder() throws Exception {
        try (AlertHarness harness = harness()) {
            // Given: two of three posts fail
            AtomicInteger posts = new AtomicInteger();
            List<String> taken = new ArrayList<>();
            harness.endpoint().answer(request -> {
                synchronized (taken) {
                    if (posts.incrementAndGet() % 3 != 0) {
                        return posts.get() % 2 == 0 ? 500 : 404;
                    }
                    taken.add(request.alertId());
                    return 200;
                }
            });
            harness.subscribe("user:u1", List.of("/hook"), List.of());
            List<String> ids = IntStream.range(0, 6).mapToObj(i -> "a" + i).toList();
            for (String id : ids) {
                harness.alert("user:u1", id);
            }

            // When
            harness.start();
            harness.awaitOutcomes(6);

            // Then
            assertThat(taken).isEqualTo(ids);
            assertThat(harness.endpoint().received()).hasSize(18);
            assertThat(harness.heard())
                    .contains("retried webhook server_error", "retried webhook client_error")
                    .filteredOn(what -> what.equals("settled webhook Delivered"))
                    .hasSize(6);
            assertThat(harness.endpoint().received().stream()
                            .filter(one -> one.alertId().equals("a0"))
                            .map(Received::body)
                            .distinct())
                    .as("the same message each time")
                    .hasSize(1);
        }
    }

    @Test
    void shouldNotLetADeadEndpointHoldUpOthers() throws Exception {
        try (AlertHarness harness = harness()) {
            // Given
            harness.maxWaiting(5);
            harness.endpoint().answer(request -> request.path().equals("/dead") ? 500 : 200);
            harness.subscribe("user:u1", List.of("/dead", "/good"), List.of());
            for (int i = 0; i < 8; i++) {
                harness.alert("user:u1", "a" + i);
            }

            // When
            LifeRunner runner = harness.start();
            harness.awaitOutcomes(11);

            // Then: all are taken in, five wait, three were too many
            assertThat(harness.endpoint().alerts("/good"))
                    .containsExactly("a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7");
            assertThat(harness.endpoint().alerts("/dead")).containsOnly("a0");
            assertThat(harness.deadLetters())
                    .hasSize(3)
                    .allSatisfy(letter -> assertThat(letter.headers())
                            .containsEntry("tally.reason", "too_many_waiting")
                            .containsEntry("tally.channel", "webhook")
                            .containsEntry("tally.address", harness.endpoint().url("/dead")));

            // When: it comes back, after a restart
            runner.stop();
            harness.endpoint().answer(request -> 200);
            harness.start();
            harness.awaitOutcomes(16);

            // Then
            assertThat(harness.endpoint().alerts("/dead").stream().distinct())
                    .containsExactly("a0", "a1", "a2", "a3", "a4");
            assertThat(harness.endpoint().alerts("/good")).hasSize(8);
        }
    }

    @Test
    void shouldLeaveAGoneEndpointAloneUntilItsSubscriptionChanges() throws Exception {
        try (AlertHarness harness = harness()) {
            // Given
            harness.endpoint().answer(request -> 410);
            harness.subscribe("user:u1", List.of("/gone"), List.of());
            harness.alert("user:u1", "a0");
            harness.alert("user:u1", "a1");
            LifeRunner runner = harness.start();
            harness.awaitOutcomes(2);

            // When: also after a restart
            runner.stop();
            harness.start();
            harness.alert("user:u1", "a2");
            harness.awaitOutcomes(3);

            // Then
            assertThat(harness.endpoint().alerts("/gone")).containsExactly("a0");
            assertThat(harness.ledger().values())
                    .hasSize(3)
                    .allSatisfy(states -> assertThat(states).containsExactly("PENDING", "DEAD gone"));
            assertThat(harness.deadLetters()).hasSize(3);

            // When
            harness.endpoint().answer(request -> 200);
            harness.subscribe("user:u1", List.of("/gone", "/other"), List.of());
            AtomicInteger next = new AtomicInteger();
            Awaitility.await().pollInterval(Duration.ofMillis(300)).until(() -> {
                harness.alert("user:u1", "b" + next.incrementAndGet());
                return harness.endpoint().alerts("/gone").size() > 1;
            });
        }
    }

    @Test
    void shouldGiveUpAfterThreeDaysAndTellNobodyOfHistory() throws Exception {
        try (AlertHarness harness = harness()) {
            // Given: one waits, one was never read
            harness.endpoint().answer(request -> 500);
            harness.subscribe("user:u1", List.of("/hook"), List.of("u@x.example"));
            harness.alert("user:u1", "a0");
            LifeRunner runner = harness.start();
            harness.awaitOutcomes(1);
            runner.stop();
            int posts = harness.endpoint().received().size();
            harness.alert("user:u1", "a1");

            // When
            harness.passTime(Duration.ofDays(3));
            harness.start();
            harness.awaitOutcomes(2);

            // Then
            assertThat(harness.endpoint().received()).hasSize(posts);
            assertThat(harness.deadLetters())
                    .singleElement()
                    .satisfies(letter -> assertThat(letter.headers()).containsEntry("tally.reason", "gave_up"));
            assertThat(harness.heard()).contains("skipped expired");
            assertThat(harness.mail().getReceivedMessages()).hasSize(1);
        }
    }

    @Test
    void shouldMailOwnersAndWhoeverIsNamed() throws Exception {
        try (AlertHarness harness = harness()) {
            // Given
            harness.subscribe("org:acme", List.of(), List.of("ops@x.example", "Boss@x.example"));
            harness.member("acme", "boss", Role.OWNER, MembershipStatus.ACCEPTED, "boss@x.example");
            harness.member("acme", "second", Role.OWNER, MembershipStatus.ACCEPTED, "second@x.example");
            harness.member("acme", "third", Role.OWNER, MembershipStatus.ACCEPTED, null);
            harness.member("acme", "guest", Role.MEMBER, MembershipStatus.ACCEPTED, "guest@x.example");
            harness.member("acme", "asked", Role.OWNER, MembershipStatus.INVITED, "asked@x.example");
            harness.member("only", "owner", Role.OWNER, MembershipStatus.ACCEPTED, "owner@only.example");
            harness.alert("org:acme", "a0");
            harness.alert("org:acme", "a1", true);
            harness.alert("org:only", "a2");
            harness.alert("org:nobody", "a3");

            // When
            harness.start();
            harness.awaitOutcomes(4);

            // Then
            assertThat(harness.mail().getReceivedMessages())
                    .extracting(mail -> mail.getAllRecipients()[0].toString() + " " + mail.getSubject())
                    .containsExactlyInAnyOrder(
                            "ops@x.example [Tally] org:acme, actions: limit reached",
                            "Boss@x.example [Tally] org:acme, actions: limit reached",
                            "second@x.example [Tally] org:acme, actions: limit reached",
                            "owner@only.example [Tally] org:only, actions: limit reached");
            assertThat(harness.heard()).contains("skipped late", "skipped nobody");
        }
    }

    @Test
    void shouldNameWhatItDoesNotDeliver() throws Exception {
        try (AlertHarness harness = harness()) {
            // Given
            harness.mailOff();
            harness.endpoint().answer(request -> 503);
            harness.subscribe("user:u1", List.of("/hook"), List.of("u@x.example"));
            harness.alert("user:u1", "a0");
            harness.publishAlertBytes("user:u1", new byte[] {1, 2, 3});
            harness.start();
            Awaitility.await().until(() -> harness.heard().contains("retried webhook server_error"));

            // When: the address that waits is taken out of the catalogue
            harness.subscribe("user:u1", List.of(), List.of());
            harness.awaitOutcomes(1);

            // Then
            assertThat(harness.heard()).contains("skipped mail_off", "unreadable undecodable");
            assertThat(harness.deadLetters())
                    .extracting(letter -> letter.headers().get("tally.reason"))
                    .containsExactlyInAnyOrder("undecodable", "removed");
            assertThat(harness.deadLetters())
                    .filteredOn(letter -> "undecodable".equals(letter.headers().get("tally.reason")))
                    .singleElement()
                    .satisfies(letter -> assertThat(letter.value()).isEqualTo(new byte[] {1, 2, 3}));
            assertThat(harness.mail().getReceivedMessages()).isEmpty();
        }
    }

    @Test
    void shouldTellOnceWhilePartitionsMove() throws Exception {
        try (AlertHarness harness = harness()) {
            // Given
            for (int i = 0; i < 6; i++) {
                harness.subscribe("user:u" + i, List.of("/hook"), List.of());
            }
            LifeRunner first = harness.start();
            for (int i = 0; i < 30; i++) {
                harness.alert("user:u" + i % 6, "a" + i);
            }
            Awaitility.await().until(() -> !harness.endpoint().received().isEmpty());

            // When
            harness.start();
            for (int i = 30; i < 60; i++) {
                harness.alert("user:u" + i % 6, "a" + i);
            }
            Awaitility.await().until(() -> harness.endpoint().received().size() > 40);
            first.stop();
            for (int i = 60; i < 90; i++) {
                harness.alert("user:u" + i % 6, "a" + i);
            }
            harness.awaitOutcomes(90);

            // Then
            assertThat(harness.endpoint().alerts("/hook")).hasSize(90).doesNotHaveDuplicates();
            for (int subject = 0; subject < 6; subject++) {
                int of = subject;
                assertThat(harness.endpoint().alerts("/hook"))
                        .filteredOn(id -> Integer.parseInt(id.substring(1)) % 6 == of)
                        .isSortedAccordingTo((a, b) ->
                                Integer.compare(Integer.parseInt(a.substring(1)), Integer.parseInt(b.substring(1))));
            }
        }
    }

    @Test
    void shouldWriteNothingOfWhatAnotherHasTakenOverAndGoOn() throws Exception {
        try (AlertHarness harness = harness()) {
            // Given: a delivery stands still before it says whom it has told
            harness.loseSoon();
            CountDownLatch awake = harness.standStillOnceAt(Point.ANSWERED);
            harness.subscribe("user:u1", List.of("/hook"), List.of());
            harness.alert("user:u1", "a0");
            harness.start();
            Awaitility.await().until(harness::crashed);

            // When: another one tells again, then it goes on, alone
            LifeRunner other = harness.start();
            harness.awaitOutcomes(1);
            awake.countDown();
            other.stop();
            harness.alert("user:u1", "a1");
            harness.awaitOutcomes(2);

            // Then
            assertThat(harness.endpoint().alerts("/hook"))
                    .startsWith("a0", "a0")
                    .endsWith("a1");
            assertThat(harness.ledger().values())
                    .allSatisfy(states -> assertThat(states).containsExactly("PENDING", "DELIVERED"));
            assertThat(harness.hasFailed()).isFalse();
        }
    }

    private static String messageId(MimeMessage mail) {
        try {
            return mail.getMessageID();
        } catch (jakarta.mail.MessagingException unreadable) {
            throw new IllegalStateException(unreadable);
        }
    }
}
