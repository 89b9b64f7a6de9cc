package dev.tally.bench.measure;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** How far a group has committed. */
final class GroupProgress implements AutoCloseable {

    /** Behind the last record there may be ends of transactions, which are no records and which a group need not commit. */
    private static final int TAIL = 24;

    private static final Duration POLL = Duration.ofMillis(20);

    private final Admin admin;
    private final String group;
    private final KafkaConsumer<byte[], byte[]> consumer;

    GroupProgress(Admin admin, String bootstrapServers, String group) {
        this.admin = admin;
        this.group = group;
        this.consumer = new KafkaConsumer<>(
                Map.of(
                        ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                        bootstrapServers,
                        ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
                        false,
                        ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG,
                        10),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
    }

    /** Committed offsets of all topics. */
    Map<TopicPartition, Long> committed() {
        Map<TopicPartition, Long> committed = new HashMap<>();
        try {
            Map<TopicPartition, OffsetAndMetadata> offsets = admin.listConsumerGroupOffsets(group)
                    .partitionsToOffsetAndMetadata()
                    .get();
            offsets.forEach((partition, offset) -> {
                if (offset != null) {
                    committed.put(partition, offset.offset());
                }
            });
        } catch (ExecutionException e) {
            throw new KafkaException("the positions of " + group + " cannot be read", e.getCause());
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
        return committed;
    }

    /** Committed offsets of a topic, added up. */
    static long sum(Map<TopicPartition, Long> committed, String topic) {
        return committed.entrySet().stream()
                .filter(entry -> entry.getKey().topic().equals(topic))
                .mapToLong(Map.Entry::getValue)
                .sum();
    }

    /** Offsets after the last records that a topic has now, in committed transactions or not. */
    Map<TopicPartition, Long> ends(String topic) {
        List<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
                .map(info -> new TopicPartition(topic, info.partition()))
                .toList();
        Map<TopicPartition, Long> ends = new HashMap<>(consumer.endOffsets(partitions));
        ends.values().removeIf(end -> end == 0);
        consumer.assign(ends.keySet());
        Map<TopicPartition, Long> lasts = new HashMap<>();
        ends.forEach((partition, end) -> {
            long from = Math.max(0, end - TAIL);
            consumer.seek(partition, from);
            lasts.put(partition, from);
        });
        while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
            consumer.poll(POLL).forEach(record -> {
                TopicPartition partition = new TopicPartition(record.topic(), record.partition());
                if (record.offset() < Objects.requireNonNull(ends.get(partition))) {
                    lasts.merge(partition, record.offset() + 1, Math::max);
                }
            });
        }
        return lasts;
    }

    @Override
    public void close() {
        consumer.close();
    }
}
