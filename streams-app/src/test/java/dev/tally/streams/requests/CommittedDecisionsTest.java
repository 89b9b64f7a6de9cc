package dev.tally.streams.requests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.schemas.AdmissionDecision;
import dev.tally.schemas.Decision;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.testing.RegistryFake;
import dev.tally.schemas.topics.Topics;
import dev.tally.streams.state.DecisionBoard;
import dev.tally.streams.state.Repetition;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CommittedDecisionsTest {

    private static final Topics TOPICS = new Topics("", 1, 2);
    private static final TopicPartition FIRST = new TopicPartition(TOPICS.admissions(), 0);
    private static final TopicPartition SECOND = new TopicPartition(TOPICS.admissions(), 1);

    private final RegistryFake registry = RegistryFake.start();
    private final RecordSerdes serdes =
            new RecordSerdes(Map.of("schema.registry.url", registry.url(), "auto.register.schemas", true));
    private final DecisionBoard board = new DecisionBoard();
    private final LinkedBlockingQueue<MockConsumer<byte[], byte[]>> consumers = new LinkedBlockingQueue<>();
    private final CommittedDecisions decisions = new CommittedDecisions(this::next, TOPICS, serdes, board);

    @BeforeEach
    void start() {
        decisions.start();
    }

    @AfterEach
    void close() {
        decisions.close();
        serdes.close();
        registry.close();
    }

    @Test
    void shouldRecallWhatWasDecidedBeforeItBegan() {
        // Given somebody who waits
        CompletableFuture<AdmissionDecision> waiting =
                board.await("user:u1", "before", any -> true, Duration.ofMinutes(1));

        // When
        consumers.add(consumer(
                7, 0, List.of(record(FIRST, 6, "before"), record(FIRST, 7, "after"), record(SECOND, 0, "other"))));

        // Then
        awaitShown("after");
        awaitShown("other");
        assertThat(board.newest("user:u1", "before")).isPresent();
        assertThat(waiting).isNotDone();
    }

    @Test
    void shouldTellWhatIsRepeatedThoughItWasShownBefore() throws Exception {
        // Given
        CompletableFuture<AdmissionDecision> over =
                board.await("user:u1", "a", DecisionBoard.Shown::isOver, Duration.ofMinutes(1));
        ConsumerRecord<byte[], byte[]> open = record(FIRST, 1, "a");
        Repetition.OPEN.headers().forEach(open.headers()::add);
        ConsumerRecord<byte[], byte[]> settled = record(FIRST, 2, "a");
        Repetition.OVER.headers().forEach(settled.headers()::add);

        // When
        consumers.add(consumer(0, 0, List.of(record(FIRST, 0, "a"), open, record(SECOND, 0, "b"))));
        awaitShown("b");
        boolean before = over.isDone();
        decisions.close();

        // Then
        assertThat(before).isFalse();
        try (CommittedDecisions others = new CommittedDecisions(this::next, TOPICS, serdes, board)) {
            consumers.add(consumer(2, 0, List.of(settled)));
            others.start();
            assertThat(over.get()).isEqualTo(decision("a"));
        }
    }

    @Test
    void shouldGoOnWhereItWasAfterAFailure() {
        // Given one that fails after it has read a decision of one partition and none of the other
        consumers.add(consumer(7, 3, List.of(record(FIRST, 7, "a")), new TimeoutException("no broker")));
        awaitShown("a");

        // When others have decided meanwhile
        consumers.add(consumer(10, 5, List.of(record(FIRST, 9, "b"), record(SECOND, 3, "c"))));

        // Then
        awaitShown("b");
        awaitShown("c");
    }

    @Test
    void shouldGoOnAtTheEndWhereItsPlaceIsGone() {
        // Given
        consumers.add(consumer(7, 3, List.of(), new TimeoutException("no broker")));

        // When
        consumers.add(consumer(
                20,
                3,
                List.of(record(FIRST, 19, "gone"), record(FIRST, 20, "d"), record(SECOND, 3, "e")),
                new OffsetOutOfRangeException(Map.of(FIRST, 7L))));

        // Then
        awaitShown("d");
        awaitShown("e");
        assertThat(board.newest("user:u1", "gone")).isEmpty();
    }

    private Consumer<byte[], byte[]> next() {
        try {
            return consumers.take();
        } catch (InterruptedException e) {
            throw new org.apache.kafka.common.errors.InterruptException(e);
        }
    }

    /** A consumer of topics with these ends: its polls give the records that lie at its position or after it, then fail one by one. */
    private MockConsumer<byte[], byte[]> consumer(
            long firstEnd, long secondEnd, List<ConsumerRecord<byte[], byte[]>> records, KafkaException... failures) {
        MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("none");
        consumer.updateBeginningOffsets(Map.of(FIRST, 0L, SECOND, 0L));
        consumer.updateEndOffsets(Map.of(FIRST, firstEnd, SECOND, secondEnd));
        boolean outOfRange = failures.length > 0 && failures[0] instanceof OffsetOutOfRangeException;
        Runnable add = () -> records.forEach(consumer::addRecord);
        if (!outOfRange) {
            consumer.schedulePollTask(add);
        }
        for (KafkaException failure : failures) {
            consumer.schedulePollTask(() -> consumer.setPollException(failure));
        }
        if (outOfRange) {
            consumer.schedulePollTask(add);
        }
        return consumer;
    }

    private void awaitShown(String actionId) {
        Awaitility.await()
                .untilAsserted(
                        () -> assertThat(board.newest("user:u1", actionId)).isPresent());
    }

    private ConsumerRecord<byte[], byte[]> record(TopicPartition at, long offset, String actionId) {
        byte[] value = serdes.of(AdmissionDecision.class).serializer().serialize(at.topic(), decision(actionId));
        return new ConsumerRecord<>(at.topic(), at.partition(), offset, new byte[0], Objects.requireNonNull(value));
    }

    private static AdmissionDecision decision(String actionId) {
        return new AdmissionDecision(
                actionId,
                "user:u1",
                "u1",
                null,
                null,
                Map.of("actions", 1L),
                Decision.ADMIT,
                0,
                null,
                Instant.parse("2026-11-21T12:00:00Z"),
                null,
                null,
                null);
    }
}
