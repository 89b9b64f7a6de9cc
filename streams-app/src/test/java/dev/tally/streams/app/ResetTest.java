package dev.tally.streams.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tally.keys.Subject;
import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.topics.Topics;
import dev.tally.streams.state.StoreNames;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** State that is given up, and made again from the log. */
@Execution(ExecutionMode.CONCURRENT) // beside other classes, as it mostly waits
class ResetTest {

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
    void shouldCountTheSameAndBillNothingAgain() throws Exception {
        // Given an org that is billed for each action, in facts that lie in several intervals
        Topics topics = tally.newTopics("reset-");
        tally.publishBilledOrg(topics, "o1");
        Map<String, Long> expected = new TreeMap<>();
        List<String> before;
        try (MeteringApp app = tally.start("reset", topics, "reset")) {
            TallyOnBroker.awaitRunning(app);
            publish(topics, 0, 1_000, expected);
            awaitBilled(topics, expected);
            publish(topics, 1_000, 1_500, expected);
            awaitBilled(topics, expected);
            before = tally.facts(topics);
        }

        // When its state is given up, and it starts again with other intervals
        try (Admin admin = tally.admin()) {
            Reset reset = new Reset(admin, tally.client(), topics, "reset");
            Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> reset.members() == 0);
            assertThat(reset.changelogs()).isNotEmpty();
            reset.run();
            assertThat(reset.changelogs()).isEmpty();
            // As if another broker's list of topics still had one of them.
            String changelog = "reset-" + StoreNames.INTAKE_COUNTERS + "-changelog";
            admin.createTopics(List.of(new NewTopic(changelog, TallyOnBroker.PARTITIONS, (short) 1)))
                    .all()
                    .get();
        }
        try (MeteringApp app = tally.start("reset", topics, "reset", Map.of("billing.interval", "10m"))) {
            TallyOnBroker.awaitRunning(app);
            publish(topics, 1_500, 1_600, expected);

            // Then the counts are those of one uninterrupted run, and only what came since is billed
            Awaitility.await()
                    .atMost(Duration.ofMinutes(1))
                    .untilAsserted(() -> assertThat(days(topics)).isEqualTo(expected));
            awaitBilled(topics, expected);
            assertThat(tally.facts(topics))
                    .startsWith(before.toArray(String[]::new))
                    .doesNotHaveDuplicates();

            // And an export has each of them once, whichever of two copies now is the duplicate
            Map<String, Long> exported = new TreeMap<>();
            for (String subject : List.of("user:u1", "user:u3", "org:o0", "org:o1")) {
                ExportTest.rows(app, ExportTest.request(Subject.parse(subject), Instant.now()))
                        .forEach(row -> exported.merge(
                                subject + "/actions/DAY/"
                                        + row.action().occurredAt().truncatedTo(ChronoUnit.DAYS),
                                1L,
                                Long::sum));
            }
            assertThat(expected).containsAllEntriesOf(exported);
            assertThat(exported).hasSizeGreaterThanOrEqualTo(4);
        }
    }

    @Test
    void shouldTellTheCatalogueBeforeAnyUsageAlsoWhereNothingWasBilled() {
        // Given an org of whose usage no fact was made yet
        Topics topics = tally.newTopics("unbilled-");
        tally.publishBilledOrg(topics, "o1");
        Map<String, Long> expected = new TreeMap<>();
        tally.publish(topics, new Random(1), 0, 100, expected, i -> false);
        try (MeteringApp app = tally.start("unbilled", topics, "unbilled")) {
            TallyOnBroker.awaitRunning(app);
            Awaitility.await()
                    .atMost(Duration.ofMinutes(1))
                    .untilAsserted(() -> assertThat(days(topics)).isEqualTo(expected));
        }

        // When its state is given up, and it gets ready to start again
        try (Admin admin = tally.admin()) {
            Reset reset = new Reset(admin, tally.client(), topics, "unbilled");
            Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> reset.members() == 0);
            reset.run();
            try (MeteringApp app = tally.build("unbilled", topics, "unbilled", Map.of())) {
                long ofTheOrg = tally.records(topics.subjectLog(), "org:o1");

                // Not while a transaction is open, behind which facts might lie
                try (KafkaProducer<byte[], byte[]> dying = transactional()) {
                    dying.beginTransaction();
                    var unused = dying.send(new ProducerRecord<>(topics.billableUsage(), 0, new byte[1], new byte[1]));
                    dying.flush();
                    assertThatThrownBy(() -> app.prepare(admin)).hasMessageContaining("still open");
                    dying.abortTransaction();
                }
                Awaitility.await()
                        .atMost(Duration.ofMinutes(1))
                        .ignoreExceptionsMatching(KafkaException.class::isInstance)
                        .until(() -> app.prepare(admin).isEmpty());

                // Then its subscription lies in the log before any usage: a fact needs the customer
                assertThat(tally.records(topics.subjectLog(), "org:o1")).isEqualTo(ofTheOrg + 1);
            }
        }
    }

    @Test
    void shouldNotStartWhereTheStateIsGoneAndTheInputNotSetBack() throws Exception {
        Topics topics = tally.newTopics("gone-");
        Map<String, Long> expected = new TreeMap<>();
        tally.publish(topics, new Random(1), 0, 200, expected, i -> false);
        try (MeteringApp app = tally.start("gone", topics, "gone")) {
            TallyOnBroker.awaitRunning(app);
            Awaitility.await()
                    .atMost(Duration.ofMinutes(1))
                    .untilAsserted(() -> assertThat(tally.usage(topics)).isEqualTo(expected));
        }
        try (Admin admin = tally.admin();
                MeteringApp app = tally.build("gone", topics, "gone", Map.of())) {
            admin.deleteTopics(new Reset(admin, tally.client(), topics, "gone").changelogs())
                    .all()
                    .get();

            assertThat(app.prepare(admin))
                    .hasValueSatisfying(reason -> assertThat(reason).contains("the state is gone"));
        }
    }

    private static KafkaProducer<byte[], byte[]> transactional() {
        Map<String, Object> config = new HashMap<>(tally.client());
        config.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, "dying");
        KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
        producer.initTransactions();
        return producer;
    }

    /** Publishes actions of the last hours, whose intervals have ended, some of them twice. */
    private static void publish(Topics topics, int from, int to, Map<String, Long> expected) {
        Instant now = Instant.now();
        for (int i = from; i < to; i++) {
            ActionEvent action =
                    TallyOnBroker.action("e" + i, "u" + i % 7, "o" + i % 2, now.minus(Duration.ofMinutes(15 + i % 90)));
            for (int copy = 0; copy < (i % 10 == 0 ? 2 : 1); copy++) {
                tally.publish(topics, (i + copy) % TallyOnBroker.PARTITIONS, action);
            }
            TallyOnBroker.expect(action, expected);
        }
        tally.flush();
    }

    private static Map<String, Long> days(Topics topics) {
        Map<String, Long> days = tally.usage(topics);
        days.keySet().removeIf(window -> window.contains("/PERIOD/"));
        return days;
    }

    private static void awaitBilled(Topics topics, Map<String, Long> usage) {
        long actions = usage.entrySet().stream()
                .filter(window -> window.getKey().startsWith("org:o1/"))
                .mapToLong(Map.Entry::getValue)
                .sum();
        Awaitility.await()
                .atMost(Duration.ofMinutes(1))
                .untilAsserted(() -> assertThat(tally.billed(topics)).isEqualTo(actions));
    }
}
