package dev.tally.cli.oracle;

import dev.tally.schemas.topics.TopicAdmin;
import dev.tally.schemas.topics.TopicReader;
import dev.tally.schemas.topics.TopicSpec;
import dev.tally.schemas.topics.Topics;
import dev.tally.sink.delivery.DeliveryTopics;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.test.KafkaClusterTestKit;
import org.apache.kafka.common.test.TestKitNodes;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;

/** One broker for all scenarios; it notices quickly who is gone and which transactions nobody ends. */
final class OracleBroker implements AutoCloseable {
    static final int PARTITIONS = 3;

    private static final Duration LONG_ENOUGH = Duration.ofSeconds(60);
    private static final int POLL_MILLIS = 10;
    private static final int POLLS_PER_WHILE = 10;

    private final KafkaClusterTestKit kit;
    private final Admin admin;

    private OracleBroker(KafkaClusterTestKit kit) {
        this.kit = kit;
        this.admin = kit.admin();
    }

    static OracleBroker start() throws Exception {
        Files.createDirectories(Path.of(System.getProperty("java.io.tmpdir")));
        KafkaClusterTestKit kit = new KafkaClusterTestKit.Builder(new TestKitNodes.Builder()
                        .setCombined(true)
                        .setNumBrokerNodes(1)
                        .setNumControllerNodes(1)
                        .build())
                .setConfigProp("offsets.topic.replication.factor", "1")
                .setConfigProp("offsets.topic.num.partitions", "4")
                .setConfigProp("transaction.state.log.replication.factor", "1")
                .setConfigProp("transaction.state.log.min.isr", "1")
                .setConfigProp("transaction.state.log.num.partitions", "4")
                .setConfigProp("transaction.abort.timed.out.transaction.cleanup.interval.ms", "50")
                .setConfigProp("group.initial.rebalance.delay.ms", "0")
                .setConfigProp("group.min.session.timeout.ms", "100")
                .setConfigProp("log.index.size.max.bytes", "10240")
                .setConfigProp("auto.create.topics.enable", "false")
                .build();
        kit.format();
        kit.startup();
        kit.waitForReadyBrokers();
        return new OracleBroker(kit);
    }

    Map<String, Object> clientConfig() {
        return Map.of("bootstrap.servers", kit.bootstrapServers());
    }

    void create(DeliveryTopics topics) {
        List<TopicSpec> specs = List.of(
                new TopicSpec(topics.facts(), PARTITIONS, Map.of()),
                new TopicSpec(topics.ledger(), PARTITIONS, Map.of()),
                new TopicSpec(topics.requests(), PARTITIONS, Map.of()),
                new TopicSpec(topics.deadLetters(), 1, Map.of()));
        new TopicAdmin(admin).apply(specs, (short) 1);
    }

    void delete(DeliveryTopics topics) throws Exception {
        admin.deleteTopics(List.of(topics.facts(), topics.ledger(), topics.requests(), topics.deadLetters()))
                .all()
                .get(30, TimeUnit.SECONDS);
    }

    /** Makes the topics of a whole installation. */
    void create(Topics topics) {
        new TopicAdmin(admin).apply(topics.all(), (short) 1);
    }

    /** Deletes all topics whose names begin so. */
    void deleteAll(String prefix) {
        List<String> names = done(admin.listTopics(new ListTopicsOptions().listInternal(true))
                        .names())
                .stream()
                .filter(name -> name.startsWith(prefix))
                .toList();
        done(admin.deleteTopics(names).all());
    }

    private static <T> T done(KafkaFuture<T> future) {
        return future.toCompletionStage()
                .toCompletableFuture()
                .orTimeout(LONG_ENOUGH.toSeconds(), TimeUnit.SECONDS)
                .join();
    }

    Admin admin() {
        return admin;
    }

    /** Committed offsets of a group by partition number. */
    private Map<Integer, Long> committed(String group) throws Exception {
        Map<TopicPartition, OffsetAndMetadata> offsets = admin.listConsumerGroupOffsets(group)
                .partitionsToOffsetAndMetadata()
                .get(30, TimeUnit.SECONDS);
        Map<Integer, Long> byNumber = new HashMap<>();
        offsets.forEach((partition, offset) -> byNumber.put(partition.partition(), offset.offset()));
        return byNumber;
    }

    /**
     * Waits until a group has committed these offsets, while the clock goes on.
     *
     * @return what is wrong where it does not come to that
     */
    Optional<String> awaitCommitted(String group, Map<Integer, Long> ends, VirtualClock clock) throws Exception {
        AtomicInteger polls = new AtomicInteger();
        try {
            Awaitility.await()
                    .atMost(LONG_ENOUGH)
                    .pollDelay(Duration.ZERO)
                    .pollInterval(Duration.ofMillis(POLL_MILLIS))
                    .until(() -> {
                        if (polls.incrementAndGet() % POLLS_PER_WHILE == 0) {
                            clock.jump(Troubles.A_WHILE);
                        }
                        Map<Integer, Long> committed = committed(group);
                        return ends.entrySet().stream()
                                .allMatch(end -> committed.getOrDefault(end.getKey(), 0L) >= end.getValue());
                    });
            return Optional.empty();
        } catch (ConditionTimeoutException late) {
            return Optional.of("not everything is done: committed " + committed(group) + " of " + ends);
        }
    }

    /** Everything committed to a topic, each partition in its order. */
    void committedRecords(String topic, Consumer<ConsumerRecord<byte[], byte[]>> each) {
        new TopicReader(clientConfig()).readAll(topic, each);
    }

    static String text(byte[] bytes) {
        return bytes == null ? "" : new String(bytes, StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        admin.close();
        try {
            kit.close();
        } catch (Exception failure) {
            throw new IllegalStateException("the broker did not stop", failure);
        }
    }
}
