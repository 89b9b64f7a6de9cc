package dev.tally.sink.delivery;

import static dev.tally.sink.delivery.DeliveryHarness.fact;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.sink.testing.LoopHarness;
import dev.tally.sink.testing.StripeFake;
import dev.tally.sink.testing.StripeFake.Reply;
import dev.tally.sink.testing.TestKafka;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** What happens when partitions, or the whole identity, pass to another delivery in the middle of the work. */
@Execution(ExecutionMode.CONCURRENT) // tests mostly wait, and have topics of their own
@ExtendWith(TestKafka.Shared.class)
final class HandOverTest {
    private final TestKafka kafka;

    HandOverTest(TestKafka kafka) {
        this.kafka = kafka;
    }

    @Test
    void shouldBillOnceWhilePartitionsMove() throws Exception {
        try (StripeFake stripe = StripeFake.start();
                DeliveryHarness harness = harness(stripe)) {
            // Given
            Set<String> failed = ConcurrentHashMap.newKeySet();
            stripe.rule(call -> call.value() % 5 == 0 && failed.add(call.identifier())
                    ? Optional.of(Reply.error(500, "api_error", "sorry").afterTaking())
                    : Optional.empty());
            LifeRunner first = harness.start();
            for (int i = 0; i < 100; i++) {
                harness.publish(fact("id-" + i, "user:u" + i % 11, "cus_" + i % 11, i));
            }
            Awaitility.await().until(() -> stripe.takenCount() > 10);

            // When
            harness.start();
            for (int i = 100; i < 200; i++) {
                harness.publish(fact("id-" + i, "user:u" + i % 11, "cus_" + i % 11, i));
            }
            Awaitility.await().until(() -> stripe.takenCount() > 120);
            first.stop();
            for (int i = 200; i < 300; i++) {
                harness.publish(fact("id-" + i, "user:u" + i % 11, "cus_" + i % 11, i));
            }
            harness.awaitAllCommitted();

            // Then
            assertThat(stripe.takenCount()).isEqualTo(300);
            assertThat(total(stripe)).isEqualTo(300 * 299 / 2);
            assertThat(harness.deadLetters()).isEmpty();
            assertThat(harness.ledger())
                    .hasSize(300)
                    .allSatisfy(
                            (identifier, states) -> assertThat(states).last().isIn("ACCEPTED", "DUPLICATE_OK"));
        }
    }

    @Test
    void shouldGiveWayToAnotherProcessWithItsTransactionalId() throws Exception {
        try (StripeFake stripe = StripeFake.start();
                DeliveryHarness harness = harness(stripe)) {
            // Given: the first is in the middle of a call when the second starts under the same id
            CountDownLatch arrived = new CountDownLatch(1);
            CountDownLatch answer = new CountDownLatch(1);
            stripe.rule(call -> {
                if (call.number() == 1) {
                    arrived.countDown();
                    LoopHarness.awaitThrough(answer);
                }
                return Optional.empty();
            });
            harness.publish(fact("id-1", "user:u1", "cus_1", 3));
            harness.startAs("twin");
            assertThat(arrived.await(20, TimeUnit.SECONDS)).isTrue();

            // When
            harness.startAs("twin");
            answer.countDown();
            harness.awaitAllCommitted();

            // Then
            assertThat(stripe.sums()).isEqualTo(Map.of("cus_1", 3L));
            assertThat(harness.ledger().get("id-1")).startsWith("INTENT").last().isIn("ACCEPTED", "DUPLICATE_OK");
            assertThat(harness.deadLetters()).isEmpty();
        }
    }

    private static long total(StripeFake stripe) {
        return stripe.sums().values().stream().mapToLong(Long::longValue).sum();
    }

    private DeliveryHarness harness(StripeFake stripe) throws Exception {
        return new DeliveryHarness(kafka, stripe);
    }
}
