package dev.tally.sink.delivery;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Opens the Kafka clients of one group member; what exactly-once delivery rests on cannot be set otherwise. */
public final class KafkaClients {
    /** A dead letter is a record of the facts topic and its headers: larger than what a producer sends by default. */
    private static final int LARGEST_REQUEST = 2 * 1_024 * 1_024;

    private final Map<String, Object> kafka;
    private final String group;
    private final String transactionalId;
    private final Optional<String> groupInstanceId;

    /**
     * Opens nothing yet.
     *
     * @param kafka client settings common to all of them
     * @param group consumer group
     * @param transactionalId id of the transactional producer; another process with the same one is fenced
     * @param groupInstanceId static membership, where the instance has a lasting name
     */
    public KafkaClients(
            Map<String, Object> kafka, String group, String transactionalId, Optional<String> groupInstanceId) {
        this.kafka = kafka;
        this.group = group;
        this.transactionalId = transactionalId;
        this.groupInstanceId = groupInstanceId;
    }

    /** A member of the group, which commits in transactions only. */
    public Consumer<byte[], byte[]> groupConsumer() {
        Map<String, Object> config = consumerConfig();
        config.putIfAbsent(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, 15_000);
        config.putIfAbsent(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 500);
        config.putIfAbsent(
                ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG,
                List.of(CooperativeStickyAssignor.class.getName()));
        config.put(ConsumerConfig.GROUP_ID_CONFIG, group);
        groupInstanceId.ifPresent(id -> config.put(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG, id));
        return new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    /** Reads what it is assigned, in no group. */
    public Consumer<byte[], byte[]> readingConsumer() {
        Map<String, Object> config = consumerConfig();
        config.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 5_000);
        return new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    private Map<String, Object> consumerConfig() {
        Map<String, Object> config = new HashMap<>(kafka);
        config.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        config.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        config.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        config.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
        return config;
    }

    /** Its transactions are short; what a killed process leaves open is decided after the timeout at the latest. */
    public Producer<byte[], byte[]> producer() {
        Map<String, Object> config = new HashMap<>(kafka);
        config.putIfAbsent(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, 20_000);
        config.putIfAbsent(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, LARGEST_REQUEST);
        // A transaction that begins while the last one's markers are written is refused, and waits so long: 100 ms by
        // default.
        config.putIfAbsent(ProducerConfig.RETRY_BACKOFF_MS_CONFIG, 10);
        config.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, transactionalId);
        config.put(ProducerConfig.ACKS_CONFIG, "all");
        config.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        return new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
    }

    /** For what consumers cannot ask. */
    public Admin admin() {
        return Admin.create(new HashMap<>(kafka));
    }
}
