package dev.tally.streams.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.keys.Subject;
import dev.tally.schemas.topics.TopicReader;
import dev.tally.schemas.topics.Topics;
import dev.tally.streams.query.Answer;
import dev.tally.streams.query.Conservation;
import dev.tally.streams.query.PartitionWatermark;
import dev.tally.streams.query.Usage;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.GroupNotEmptyException;
import org.apache.kafka.common.errors.UnknownMemberIdException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.awaitility.Awaitility;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;

/** What an application meets when it starts again: forgotten positions, deleted input, other settings, a dead member. */
@Execution(ExecutionMode.CONCURRENT) // beside other classes, as it mostly waits; its lock keeps its own tests in turn
@ResourceLock("RestartTest")
class RestartTest {

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
    void shouldCountNothingAgainWhenTheBrokersForgotThePositions() throws Exception {
        // Given actions that were counted, and brokers that have forgotten the group since
        Topics topics = tally.newTopics("forgot-");
        Map<String, Long> expected = new TreeMap<>();
        tally.publish(topics, new Random(1), 0, 2_000, expected, i -> false);
        MeteringApp before = tally.start("forgot", topics, "forgot");
        awaitUsage(topics, expected);
        before.close();
        try (Admin admin = tally.admin()) {
            onceItsMembersHaveLeft(
                    () -> admin.deleteConsumerGroups(List.of("forgot")).all().get());
        }

        // When it starts again, and more come
        tally.publish(topics, new Random(2), 2_000, 2_500, expected, i -> false);
        try (MeteringApp app = tally.start("forgot", topics, "forgot")) {

            // Then everything was counted once, also the records read
            awaitUsage(topics, expected);
            assertThat(TallyOnBroker.sum(app, Conservation::read)).isEqualTo(2_500);
            assertThat(TallyOnBroker.sum(app, Conservation::duplicate)).isZero();
        }
    }

    @Test
    void shouldNotReachBehindWhatItHasForgottenWhenHorizonsAreRaised() {
        // Given an id that was forgotten under a short horizon
        Topics topics = tally.newTopics("raised.");
        Instant now = Instant.now();
        Instant old = now.minus(Duration.ofHours(30));
        try (MeteringApp app = tally.start("raised", topics, "raised", Map.of("lateness.horizon", "24h"))) {
            tally.publish(topics, 0, TallyOnBroker.action("old", "u1", "o1", old));
            tally.publish(topics, 0, TallyOnBroker.action("new", "u1", "o1", now));
            awaitCounted(app, 2);
            Awaitility.await()
                    .atMost(Duration.ofSeconds(30))
                    .until(() -> app.queries().watermarks()
                                    instanceof Answer.Found<List<PartitionWatermark>>(var found, var stale)
                            && found.stream()
                                    .anyMatch(one -> one.keptFrom() != null
                                            && one.keptFrom().isAfter(old)));
        }

        // When it is sent again under a horizon that would reach it
        try (MeteringApp app = tally.start("raised", topics, "raised", Map.of("lateness.horizon", "48h"))) {
            tally.publish(topics, 1, TallyOnBroker.action("old", "u1", "o1", old));
            tally.publish(topics, 1, TallyOnBroker.action("new", "u1", "o1", now));
            tally.publish(topics, 1, TallyOnBroker.action("other", "u1", "o1", now.minus(Duration.ofHours(23))));

            // Then
            awaitCounted(app, 3);
            assertThat(TallyOnBroker.sum(app, Conservation::late)).isEqualTo(1);
            assertThat(TallyOnBroker.sum(app, Conservation::duplicate)).isEqualTo(1);
        }
    }

    @Test
    void shouldPassOverCatalogueRecordsThatWereReplacedBeforeTheStart() {
        // Given a meter that was replaced, both records in the topic, and an action, before the first start
        Topics topics = tally.newTopics("replaced-");
        tally.publishMeter(topics, "other");
        tally.removeMeter(topics, "other");
        Map<String, Long> expected = new TreeMap<>();
        tally.publish(topics, new Random(6), 0, 200, expected, i -> false);

        // When
        try (MeteringApp app = tally.start("replaced", topics, "replaced")) {
            awaitUsage(topics, expected);

            // Then the one that was removed was never in force, and the answer is fresh once all is read
            assertThat(tally.records(topics.catalogueInForce(), "other")).isLessThanOrEqualTo(1);
            Awaitility.await()
                    .atMost(Duration.ofSeconds(30))
                    .until(() -> app.queries().usage(Subject.user("u1"), "actions", LocalDate.now(ZoneOffset.UTC))
                                    instanceof Answer.Found<Usage>(var found, var stale)
                            && !stale);
        }
    }

    @Test
    void shouldRaiseEveryAlertOfABacklogThatItFirstStartsWith() throws Exception {
        // Given plans, subscriptions and actions before the first start
        Topics topics = tally.newTopics("backlog-");
        tally.publishDayLimit(topics, 5);
        Map<String, Long> expected = new TreeMap<>();
        tally.publish(topics, new Random(7), 0, 2_000, expected, i -> false);
        MeteringApp app = tally.build("backlog", topics, "backlog", Map.of());
        try (Admin admin = tally.admin()) {
            Awaitility.await()
                    .atMost(Duration.ofMinutes(1))
                    .until(() -> app.prepare(admin).isEmpty());
        }

        // When it is about to start, then the log of each subject begins with its subscription, and of each partition
        // with the plan
        assertThat(tally.records(topics.subjectLog(), "user:u1")).isPositive();
        assertThat(tally.records(topics.subjectLog(), "limited@1")).isEqualTo(TallyOnBroker.PARTITIONS);

        // And once it runs, every alert is there, once
        try (app) {
            app.start();
            Awaitility.await()
                    .atMost(Duration.ofMinutes(1))
                    .untilAsserted(() -> assertThat(tally.usage(topics)).containsAllEntriesOf(expected));
            List<String> alerts = expected.keySet().stream()
                    .filter(window -> window.startsWith("user:"))
                    .flatMap(window -> Stream.of(window + " EXCEEDED", window + " REACHED", window + " WARNING"))
                    .sorted()
                    .toList();
            assertThat(tally.alerts(topics)).isEqualTo(alerts);
        }
    }

    @Test
    void shouldSayWhichInputWasDeletedBeforeItWasRead() throws Exception {
        // Given an application that has read something
        Topics topics = tally.newTopics("deleted-");
        Map<String, Long> expected = new TreeMap<>();
        tally.publish(topics, new Random(3), 0, 300, expected, i -> false);
        MeteringApp before = tally.start("deleted", topics, "deleted");
        awaitUsage(topics, expected);
        before.close();

        // When more comes and is deleted while it is away
        tally.publish(topics, new Random(4), 300, 600, expected, i -> false);
        TopicPartition first = new TopicPartition(topics.actions(), 0);
        long end = new TopicReader(tally.client()).ends(topics.actions()).getOrDefault(0, 0L);
        try (Admin admin = tally.admin()) {
            admin.deleteRecords(Map.of(first, RecordsToDelete.beforeOffset(end)))
                    .all()
                    .get();
            MeteringApp app = tally.build("deleted", topics, "deleted", Map.of());

            // Then
            assertThat(app.prepare(admin))
                    .hasValueSatisfying(reason -> assertThat(reason)
                            .contains(first + " begins at " + end)
                            .contains("was deleted before it was read")
                            .contains("docs/operations.md"));

            // And once an operator has accepted the loss, with Kafka's own means, it starts
            onceItsMembersHaveLeft(
                    () -> admin.alterConsumerGroupOffsets("deleted", Map.of(first, new OffsetAndMetadata(end)))
                            .all()
                            .get());
            assertThat(app.prepare(admin)).isEmpty();
            app.close();
        }
    }

    @Test
    void shouldWaitForTheCatalogueWhileOthersMayBeWritingIt() throws Exception {
        // Given a group with a member, which may have died
        Topics topics = tally.newTopics("waits-");
        Map<String, Object> member = new HashMap<>(tally.client());
        member.put("group.id", "waits");
        member.put("enable.auto.commit", false);
        try (Admin admin = tally.admin();
                MeteringApp first = tally.build("first", topics, "waits", Map.of());
                MeteringApp late = tally.build("late", topics, "waits", Map.of())) {
            Awaitility.await()
                    .atMost(Duration.ofSeconds(30))
                    .until(() -> first.prepare(admin).isEmpty());
            try (KafkaConsumer<byte[], byte[]> consumer =
                    new KafkaConsumer<>(member, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
                consumer.subscribe(List.of(topics.meters()));
                Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> {
                    consumer.poll(Duration.ofMillis(100));
                    return !consumer.assignment().isEmpty();
                });

                // When the catalogue grows, then another instance waits
                tally.publishMeter(topics, "more");
                assertThat(late.prepare(admin))
                        .hasValueSatisfying(reason -> assertThat(reason).contains("copy of the catalogue"));
            }
            // And goes on by itself once the member has left
            Awaitility.await()
                    .atMost(Duration.ofSeconds(30))
                    .until(() -> late.prepare(admin).isEmpty());
            assertThat(tally.records(topics.catalogueInForce(), "more")).isEqualTo(1);
        }
    }

    /** Stopped members stay in their group until their session times out. */
    private static void onceItsMembersHaveLeft(ThrowingRunnable change) {
        Awaitility.await()
                .atMost(Duration.ofSeconds(30))
                .ignoreExceptionsMatching(e -> e.getCause() instanceof GroupNotEmptyException
                        || e.getCause() instanceof UnknownMemberIdException)
                .untilAsserted(change);
    }

    private static void awaitUsage(Topics topics, Map<String, Long> expected) {
        Awaitility.await()
                .atMost(Duration.ofMinutes(1))
                .untilAsserted(() -> assertThat(tally.usage(topics)).isEqualTo(expected));
    }

    private static void awaitCounted(MeteringApp app, long counted) {
        Awaitility.await()
                .atMost(Duration.ofMinutes(1))
                .until(() -> TallyOnBroker.sum(app, Conservation::counted) == counted);
    }
}
