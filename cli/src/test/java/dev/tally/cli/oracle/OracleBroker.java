package dev.tally.cli.oracle;

import dev.tally.sink.delivery.DeliveryTopics;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.test.KafkaClusterTestKit;
import org.apache.kafka.common.test.TestKitNodes;

/** One broker for all scenarios; it notices quickly who is gone and which transactions nobody ends. */
final class OracleBroker implements AutoCloseable {
    static final int PARTITIONS = 3;

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

    void create(DeliveryTopics topics) throws Exception {
        admin.createTopics(List.of(
                        new NewTopic(topics.facts(), PARTITIONS, (short) 1),
                        new NewTopic(topics.ledger(), PARTITIONS, (short) 1),
                        new NewTopic(topics.requests(), PARTITIONS, (short) 1),
                        new NewTopic(topics.deadLetters(), 1, (short) 1)))
                .all()
                .get(30, TimeUnit.SECONDS);
    }

    void delete(DeliveryTopics topics) throws Exception {
        admin.deleteTopics(List.of(topics.facts(), topics.ledger(), topics.requests(), topics.deadLetters()))
                .all()
                .get(30, TimeUnit.SECONDS);
    }

    /** Committed offsets of a group by partition number. */
    Map<Integer, Long> committed(String group) throws Exception {
        Map<TopicPartition, OffsetAndMetadata> offsets = admin.listConsumerGroupOffsets(group)
                .partitionsToOffsetAndMetadata()
                .get(30, TimeUnit.SECONDS);
        Map<Integer, Long> byNumber = new HashMap<>();
        offsets.forEach((partition, offset) -> byNumber.put(partition.partition(), offset.offset()));
        return byNumber;
    }

    /** Everything committed to the ledger and the dead letters, in order by partition. */
    List<ConsumerRecord<byte[], byte[]>> results(DeliveryTopics topics) {
        Map<String, Object> config = new HashMap<>(clientConfig());
        config.put("isolation.level", "read_committed");
        List<TopicPartition> partitions = Stream.concat(
                        IntStream.range(0, PARTITIONS).mapToObj(each -> new TopicPartition(topics.ledger(), each)),
                        Stream.of(new TopicPartition(topics.deadLetters(), 0)))
                .toList();
        List<ConsumerRecord<byte[], byte[]>> all = new ArrayList<>();
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            while (partitions.stream().anyMatch(each -> consumer.position(each) < ends.get(each))) {
                consumer.poll(Duration.ofMillis(20)).forEach(all::add);
            }
        }
        return all;
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
