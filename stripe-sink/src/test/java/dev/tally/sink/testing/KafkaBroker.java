package dev.tally.sink.testing;

import dev.tally.schemas.topics.TopicAdmin;
import dev.tally.schemas.topics.TopicSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.test.KafkaClusterTestKit;
import org.apache.kafka.common.test.TestKitNodes;
import org.apache.kafka.server.common.MetadataVersion;

/** A real Kafka broker (KRaft) in this JVM. */
public final class KafkaBroker implements AutoCloseable {
    private final KafkaClusterTestKit kit;
    private final Admin admin;

    private KafkaBroker(KafkaClusterTestKit kit) {
        this.kit = kit;
        this.admin = kit.admin();
    }

    /** Starts one; takes some seconds the first time in a JVM. */
    public static KafkaBroker start() throws Exception {
        Files.createDirectories(Path.of(System.getProperty("java.io.tmpdir")));
        KafkaClusterTestKit kit = new KafkaClusterTestKit.Builder(new TestKitNodes.Builder()
                        .setCombined(true)
                        .setNumBrokerNodes(1)
                        .setNumControllerNodes(1)
                        .setBootstrapMetadataVersion(MetadataVersion.latestProduction())
                        .build())
                .setConfigProp("offsets.topic.replication.factor", "1")
                .setConfigProp("offsets.topic.num.partitions", "4")
                .setConfigProp("transaction.state.log.replication.factor", "1")
                .setConfigProp("transaction.state.log.min.isr", "1")
                .setConfigProp("transaction.state.log.num.partitions", "4")
                .setConfigProp("group.initial.rebalance.delay.ms", "0")
                .setConfigProp("auto.create.topics.enable", "false")
                .build();
        kit.format();
        kit.startup();
        kit.waitForReadyBrokers();
        return new KafkaBroker(kit);
    }

    /** What a client needs to connect, and not to wait long: one that is closed waits for its last fetch. */
    public Map<String, Object> clientConfig() {
        return Map.of(
                "bootstrap.servers", kit.bootstrapServers(),
                "fetch.max.wait.ms", 50,
                "retry.backoff.ms", 20,
                "heartbeat.interval.ms", 300);
    }

    /** Address of the broker. */
    public String bootstrapServers() {
        return kit.bootstrapServers();
    }

    /** Creates topics with as many partitions each. */
    public void createTopics(int partitions, String... names) {
        List<TopicSpec> specs = Arrays.stream(names)
                .map(name -> new TopicSpec(name, partitions, Map.of()))
                .toList();
        new TopicAdmin(admin).apply(specs, (short) 1);
    }

    /** Committed offsets of a group by partition number. */
    public Map<Integer, Long> committed(String group) throws Exception {
        Map<Integer, Long> offsets = new TreeMap<>();
        admin.listConsumerGroupOffsets(group)
                .partitionsToOffsetAndMetadata()
                .get(30, TimeUnit.SECONDS)
                .forEach((partition, offset) -> offsets.put(partition.partition(), offset.offset()));
        return offsets;
    }

    /**
     * Everything committed to a topic, by partition, in order. Waits for transactions that are being decided: offsets of a group can be seen
     * before the records that were committed with them.
     */
    public List<Read> readAll(String topic) throws Exception {
        Map<String, Object> config = new TreeMap<>(clientConfig());
        config.put("isolation.level", "read_committed");
        List<Read> all = new java.util.ArrayList<>();
        try (var consumer = new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            Set<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
                    .map(info -> new TopicPartition(topic, info.partition()))
                    .collect(java.util.stream.Collectors.toSet());
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = new HashMap<>();
            for (TopicPartition partition : partitions) {
                ends.put(partition, end(topic, partition.partition()));
            }
            while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                consumer.poll(java.time.Duration.ofMillis(50)).forEach(record -> all.add(Read.of(record)));
            }
        }
        return all;
    }

    /** End offset of a topic's partition, also of what is not decided yet. */
    public long end(String topic, int partition) throws Exception {
        return admin.listOffsets(Map.of(new TopicPartition(topic, partition), OffsetSpec.latest()))
                .partitionResult(new TopicPartition(topic, partition))
                .get(30, TimeUnit.SECONDS)
                .offset();
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
