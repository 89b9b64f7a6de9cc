package dev.tally.streams.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.keys.Subject;
import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.Aggregation;
import dev.tally.schemas.Meter;
import dev.tally.schemas.Trigger;
import dev.tally.schemas.UsageSnapshot;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.testing.RegistryFake;
import dev.tally.schemas.topics.Installation;
import dev.tally.schemas.topics.TopicAdmin;
import dev.tally.schemas.topics.Topics;
import dev.tally.settings.CommonSettings;
import dev.tally.settings.SettingsLoader;
import dev.tally.streams.query.Answer;
import dev.tally.streams.query.Conservation;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.ToLongFunction;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.test.KafkaClusterTestKit;
import org.apache.kafka.common.test.TestKitNodes;
import org.apache.kafka.streams.KafkaStreams;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the test driver cannot show: several partitions, real transactions, instances that come and go. A real broker in this JVM. */
class RebalanceTest {

    private static final int PARTITIONS = 3;
    private static final int USERS = 40;
    private static final int ACTIONS = 12_000;
    private static final Topics TOPICS = new Topics("", PARTITIONS, PARTITIONS);

    private static KafkaClusterTestKit broker;
    private static RegistryFake registry;

    @TempDir
    Path stateDirs;

    @BeforeAll
    static void startBroker() throws Exception {
        broker = new KafkaClusterTestKit.Builder(new TestKitNodes.Builder()
                        .setCombined(true)
                        .setNumBrokerNodes(1)
                        .setNumControllerNodes(1)
                        .build())
                .setConfigProp("offsets.topic.replication.factor", "1")
                .setConfigProp("offsets.topic.num.partitions", "4")
                .setConfigProp("transaction.state.log.replication.factor", "1")
                .setConfigProp("transaction.state.log.min.isr", "1")
                .setConfigProp("transaction.state.log.num.partitions", "4")
                .setConfigProp("group.initial.rebalance.delay.ms", "0")
                .build();
        broker.format();
        broker.startup();
        broker.waitForReadyBrokers();
        registry = RegistryFake.start();
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            new TopicAdmin(admin).apply(TOPICS.all(), (short) 1);
        }
    }

    @AfterAll
    static void stopBroker() throws Exception {
        broker.close();
        registry.close();
    }

    @Test
    void shouldCountOnceWhileInstancesComeAndGo() {
        // Given a meter, and one instance
        Map<String, Long> expected = new TreeMap<>();
        try (RecordSerdes serdes = new RecordSerdes(Map.of("schema.registry.url", registry.url()));
                KafkaProducer<byte[], byte[]> producer = producer()) {
            publishMeter(producer, serdes, TOPICS);
            MeteringApp first = start("first", TOPICS, "tally");
            awaitRunning(first);
            awaitMeter(first);

            // When actions come from producers with foreign partitioners, half of them twice, and a second instance
            // joins, and the first leaves
            Random random = new Random(7);
            publish(producer, serdes, TOPICS, random, 0, ACTIONS / 3, expected);
            MeteringApp second = start("second", TOPICS, "tally");
            publish(producer, serdes, TOPICS, random, ACTIONS / 3, 2 * ACTIONS / 3, expected);
            awaitRunning(second);
            first.close();
            publish(producer, serdes, TOPICS, random, 2 * ACTIONS / 3, ACTIONS, expected);

            // Then
            Awaitility.await()
                    .atMost(Duration.ofMinutes(2))
                    .pollInterval(Duration.ofMillis(500))
                    .ignoreExceptionsMatching(e -> e instanceof IllegalStateException
                            || e instanceof org.apache.kafka.streams.errors.InvalidStateStoreException)
                    .untilAsserted(() -> {
                        assertThat(sum(second, Conservation::read)).isEqualTo(ACTIONS + ACTIONS / 2);
                        assertThat(sum(second, Conservation::counted)).isEqualTo(ACTIONS);
                        assertThat(sum(second, Conservation::duplicate)).isEqualTo(ACTIONS / 2);
                        assertThat(usage(serdes, TOPICS)).isEqualTo(expected);
                    });
            second.close();
        }
    }

    @Test
    void shouldCountABacklogThatWasThereBeforeTheFirstStart() {
        // Given a catalogue and actions, and no instance that ever ran
        Topics topics = new Topics("backlog-", PARTITIONS, PARTITIONS);
        Map<String, Long> expected = new TreeMap<>();
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()));
                RecordSerdes serdes = new RecordSerdes(Map.of("schema.registry.url", registry.url()));
                KafkaProducer<byte[], byte[]> producer = producer()) {
            new TopicAdmin(admin).apply(topics.all(), (short) 1);
            publishMeter(producer, serdes, topics);
            publish(producer, serdes, topics, new Random(8), 0, 3_000, expected);

            // When
            MeteringApp app = start("backlog", topics, "backlog");

            // Then
            Awaitility.await()
                    .atMost(Duration.ofMinutes(1))
                    .untilAsserted(() -> assertThat(usage(serdes, topics)).isEqualTo(expected));
            app.close();
        }
    }

    private static void publishMeter(KafkaProducer<byte[], byte[]> producer, RecordSerdes serdes, Topics topics) {
        Meter meter = new Meter("actions", Aggregation.COUNT, List.of(), null, List.of(), null);
        send(
                producer,
                new ProducerRecord<>(
                        topics.meters(),
                        "actions".getBytes(StandardCharsets.UTF_8),
                        serdes.of(Meter.class).serializer().serialize(topics.meters(), meter)));
        producer.flush();
    }

    private static void publish(
            KafkaProducer<byte[], byte[]> producer,
            RecordSerdes serdes,
            Topics topics,
            Random random,
            int from,
            int to,
            Map<String, Long> expected) {
        Instant now = Instant.now();
        String day = now.toString().substring(0, 10);
        for (int i = from; i < to; i++) {
            String user = "u" + random.nextInt(USERS);
            String org = "o" + random.nextInt(5);
            ActionEvent action = new ActionEvent(
                    "e" + i, now, user, org, null, null, "x", Trigger.OTHER, false, Map.of(), null, null);
            byte[] value = serdes.of(ActionEvent.class).serializer().serialize(topics.actions(), action);
            for (int copy = 0; copy < 1 + i % 2; copy++) {
                send(producer, new ProducerRecord<>(topics.actions(), random.nextInt(PARTITIONS), null, value));
            }
            expected.merge("user:" + user + "/actions/DAY/" + day + "T00:00:00Z", 1L, Long::sum);
            expected.merge("org:" + org + "/actions/DAY/" + day + "T00:00:00Z", 1L, Long::sum);
        }
        producer.flush();
    }

    private static void send(KafkaProducer<byte[], byte[]> producer, ProducerRecord<byte[], byte[]> record) {
        var unused = producer.send(record);
    }

    private MeteringApp start(String name, Topics topics, String applicationId) {
        MeteringSettings settings = new MeteringSettings(SettingsLoader.load(
                MeteringSettings.define(),
                Map.of(),
                Map.of(),
                Map.of(
                        "bootstrap.servers", broker.bootstrapServers(),
                        "schema.registry.url", registry.url(),
                        "actions.partitions", "" + PARTITIONS,
                        "subject.partitions", "" + PARTITIONS,
                        "topic.prefix", topics.prefix(),
                        "application.id", applicationId,
                        "state.dir", stateDirs.resolve(name).toString())));
        Installation installation = Installation.openOrCreate(
                CommonSettings.kafkaClient(settings.values()), topics, PARTITIONS, PARTITIONS);
        MeteringApp app = MeteringApp.build(settings, installation, InstantSource.system());
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            app.catchUp(admin);
        }
        app.start();
        return app;
    }

    private static void awaitRunning(MeteringApp app) {
        Awaitility.await()
                .atMost(Duration.ofMinutes(1))
                .until(() -> app.streams().state() == KafkaStreams.State.RUNNING
                        && app.streams().metadataForLocalThreads().stream()
                                .anyMatch(thread -> !thread.activeTasks().isEmpty()));
    }

    /** Actions that are read before a meter is in force count for none. */
    private static void awaitMeter(MeteringApp app) {
        Awaitility.await()
                .atMost(Duration.ofMinutes(1))
                .until(() -> app.queries().usage(Subject.user("u0"), "actions", LocalDate.now(ZoneOffset.UTC))
                        instanceof Answer.Found);
    }

    private static long sum(MeteringApp app, ToLongFunction<Conservation> of) {
        return app.queries().conservation().stream().mapToLong(of).sum();
    }

    private static Map<String, Long> usage(RecordSerdes serdes, Topics topics) {
        Map<String, Long> usage = new TreeMap<>();
        Map<String, Object> config = new HashMap<>();
        config.put("bootstrap.servers", broker.bootstrapServers());
        config.put("isolation.level", "read_committed");
        try (Consumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            for (int p = 0; p < PARTITIONS; p++) {
                TopicPartition partition = new TopicPartition(topics.usage(), p);
                consumer.assign(List.of(partition));
                consumer.seekToBeginning(List.of(partition));
                long end = consumer.endOffsets(List.of(partition)).getOrDefault(partition, 0L);
                while (consumer.position(partition) < end) {
                    for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
                        usage.put(
                                new String(record.key(), StandardCharsets.UTF_8),
                                serdes.of(UsageSnapshot.class)
                                        .deserializer()
                                        .deserialize(topics.usage(), record.headers(), record.value())
                                        .getUsed());
                    }
                }
            }
        }
        return usage;
    }

    private static KafkaProducer<byte[], byte[]> producer() {
        return new KafkaProducer<>(
                Map.of("bootstrap.servers", broker.bootstrapServers()),
                new ByteArraySerializer(),
                new ByteArraySerializer());
    }
}
