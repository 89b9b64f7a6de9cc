package dev.tally.streams.export;

import dev.tally.schemas.topics.TopicReader;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Reads parts of topics, one after the other, on one connection. For one thread; errors of the broker come out as Kafka's own exceptions. */
final class CommittedLog implements AutoCloseable {

    private static final Duration POLL = Duration.ofMillis(500);

    private final Consumer<byte[], byte[]> consumer;

    /** @param client settings for Kafka clients, with {@code bootstrap.servers} */
    CommittedLog(Map<String, Object> client) {
        Map<String, Object> reading = TopicReader.settings(client);
        reading.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
        reading.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 5_000);
        // All that is wanted is there: a fetch need not wait for more.
        reading.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 10);
        consumer = new KafkaConsumer<>(reading, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    /** Takes what is read. */
    @FunctionalInterface
    interface Sink<E extends Exception> {

        void record(ConsumerRecord<byte[], byte[]> record) throws E;

        /** All before an offset has been given. */
        default void passed(TopicPartition partition, long before) throws E {}
    }

    /** First offsets that are still there. */
    Map<TopicPartition, Long> beginnings(Collection<TopicPartition> partitions) {
        return consumer.beginningOffsets(partitions);
    }

    /** Of each partition that has one, the first record that was appended at or after a time: whatever lies before it is older. */
    Map<TopicPartition, OffsetAndTimestamp> firstsSince(Collection<TopicPartition> partitions, Instant time) {
        Map<TopicPartition, Long> asked = new HashMap<>();
        partitions.forEach(partition -> asked.put(partition, Math.max(0, time.toEpochMilli())));
        Map<TopicPartition, OffsetAndTimestamp> firsts = new HashMap<>();
        consumer.offsetsForTimes(asked).forEach((partition, first) -> {
            if (first != null) {
                firsts.put(partition, first);
            }
        });
        return firsts;
    }

    /**
     * Reads parts of partitions, each in its order.
     *
     * @param from first offsets; a partition that is not named is not read
     * @param to offsets before which to end, all of which is committed
     */
    <E extends Exception> void read(Map<TopicPartition, Long> from, Map<TopicPartition, Long> to, Sink<E> sink)
            throws E {
        List<TopicPartition> left = new ArrayList<>();
        from.forEach((partition, first) -> {
            if (first < to.getOrDefault(partition, 0L)) {
                left.add(partition);
            }
        });
        consumer.assign(left);
        for (TopicPartition partition : left) {
            consumer.seek(partition, from.getOrDefault(partition, 0L));
        }
        Map<TopicPartition, Long> positions = new HashMap<>();
        long progressAt = System.nanoTime();
        while (!left.isEmpty()) {
            ConsumerRecords<byte[], byte[]> records = consumer.poll(POLL);
            for (ConsumerRecord<byte[], byte[]> record : records) {
                if (record.offset() < to.getOrDefault(new TopicPartition(record.topic(), record.partition()), 0L)) {
                    sink.record(record);
                }
            }
            // Aborted transactions are passed over without a record.
            boolean hasMoved = !records.isEmpty();
            for (TopicPartition partition : List.copyOf(left)) {
                long end = to.getOrDefault(partition, 0L);
                long position = Math.min(end, consumer.position(partition));
                Long before = positions.put(partition, position);
                hasMoved |= before == null || before != position;
                sink.passed(partition, position);
                if (position == end) {
                    left.remove(partition);
                    // Not only paused: what a consumer has read ahead of a paused partition can keep it from fetching
                    // others.
                    consumer.assign(left);
                }
            }
            if (hasMoved) {
                progressAt = System.nanoTime();
            } else if (System.nanoTime() - progressAt > TopicReader.STUCK_AFTER.toNanos()) {
                throw new TimeoutException("Kafka has stopped answering while " + left + " were read");
            }
        }
    }

    @Override
    public void close() {
        try {
            consumer.close();
        } catch (KafkaException gone) {
            // Nothing was to be told to anybody.
        }
    }
}
