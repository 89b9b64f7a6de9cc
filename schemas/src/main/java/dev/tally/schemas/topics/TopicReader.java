package dev.tally.schemas.topics;

import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Reads what is committed in a topic, once, outside of any group. Errors of the broker come out as Kafka's own exceptions; a broker that
 * stops answering for {@link #STUCK_AFTER} is a {@link TimeoutException}.
 */
public final class TopicReader {

    /** After this without a record, while there must be more, reading is given up. */
    public static final Duration STUCK_AFTER = Duration.ofMinutes(1);

    private static final Duration POLL = Duration.ofMillis(500);

    private final Map<String, Object> config;

    /** @param clientConfig settings for Kafka clients, with {@code bootstrap.servers} */
    public TopicReader(Map<String, Object> clientConfig) {
        Map<String, Object> reading = settings(clientConfig);
        reading.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 5_000);
        // All that is wanted is there: a fetch need not wait for more.
        reading.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 10);
        config = Map.copyOf(reading);
    }

    /** Settings of a consumer that reads what is committed and belongs to no group; the caller may add to them. */
    public static Map<String, Object> settings(Map<String, Object> clientConfig) {
        Map<String, Object> reading = new HashMap<>(clientConfig);
        reading.remove(ConsumerConfig.GROUP_ID_CONFIG);
        reading.remove(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG);
        reading.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        reading.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        return reading;
    }

    /** Reads a topic from its beginning to the end it has now; each partition in its order. */
    public void readAll(String topic, Consumer<ConsumerRecord<byte[], byte[]>> sink) {
        read(topic, Map.of(), ends(topic), sink);
    }

    /**
     * Reads a part of a topic, each partition in its order.
     *
     * @param from first offsets by partition; where there is none, from the beginning
     * @param to offsets before which to end, by partition; others are not read
     */
    public void read(
            String topic,
            Map<Integer, Long> from,
            Map<Integer, Long> to,
            Consumer<ConsumerRecord<byte[], byte[]>> sink) {
        try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
            List<TopicPartition> partitions = to.keySet().stream()
                    .map(partition -> new TopicPartition(topic, partition))
                    .toList();
            consumer.assign(partitions);
            for (TopicPartition partition : partitions) {
                Long first = from.get(partition.partition());
                if (first == null) {
                    consumer.seekToBeginning(List.of(partition));
                } else {
                    consumer.seek(partition, first);
                }
            }
            long progressAt = System.nanoTime();
            while (partitions.stream().anyMatch(one -> consumer.position(one) < to.getOrDefault(one.partition(), 0L))) {
                ConsumerRecords<byte[], byte[]> records = consumer.poll(POLL);
                for (ConsumerRecord<byte[], byte[]> record : records) {
                    if (record.offset() < to.getOrDefault(record.partition(), 0L)) {
                        sink.accept(record);
                    }
                }
                if (!records.isEmpty()) {
                    progressAt = System.nanoTime();
                } else if (System.nanoTime() - progressAt > STUCK_AFTER.toNanos()) {
                    throw new TimeoutException("Kafka has stopped answering while " + topic + " was read");
                }
            }
        }
    }

    /** Reads all that was appended to a topic at or after a time, to the end it has now; each partition in its order. */
    public void readSince(String topic, Instant oldest, Consumer<ConsumerRecord<byte[], byte[]>> sink) {
        Map<Integer, Long> ends = ends(topic);
        Map<Integer, Long> begins = new TreeMap<>(ends);
        try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
            Map<TopicPartition, Long> times = new HashMap<>();
            ends.keySet().forEach(partition -> times.put(new TopicPartition(topic, partition), oldest.toEpochMilli()));
            consumer.offsetsForTimes(times).forEach((partition, found) -> {
                if (found != null) {
                    begins.put(partition.partition(), found.offset());
                }
            });
        }
        read(topic, begins, ends, sink);
    }

    /** Whether a transaction is open in a topic, so that committed records may lie beyond what can be read of it. */
    public boolean hasOpenTransaction(String topic) {
        Map<String, Object> readingAll = new HashMap<>(config);
        readingAll.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_uncommitted");
        Map<Integer, Long> committed = ends(topic);
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(readingAll, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            return !byPartition(consumer.endOffsets(partitions(consumer, topic)))
                    .equals(committed);
        }
    }

    /** Offsets after the last committed records, by partition. */
    public Map<Integer, Long> ends(String topic) {
        try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
            return byPartition(consumer.endOffsets(partitions(consumer, topic)));
        }
    }

    /** First offsets still there, by partition. */
    public Map<Integer, Long> beginnings(String topic) {
        try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
            return byPartition(consumer.beginningOffsets(partitions(consumer, topic)));
        }
    }

    private KafkaConsumer<byte[], byte[]> consumer() {
        return new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    private static List<TopicPartition> partitions(KafkaConsumer<byte[], byte[]> consumer, String topic) {
        return consumer.partitionsFor(topic).stream()
                .map(info -> new TopicPartition(topic, info.partition()))
                .toList();
    }

    private static Map<Integer, Long> byPartition(Map<TopicPartition, Long> offsets) {
        Map<Integer, Long> byPartition = new TreeMap<>();
        offsets.forEach((partition, offset) -> byPartition.put(partition.partition(), offset));
        return Collections.unmodifiableMap(byPartition);
    }
}
