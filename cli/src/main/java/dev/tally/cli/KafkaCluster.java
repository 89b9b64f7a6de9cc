package dev.tally.cli;

import dev.tally.cli.audit.Cluster;
import dev.tally.schemas.topics.TopicReader;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** A cluster as the audit reads it, through Kafka's clients. */
final class KafkaCluster implements Cluster {

    private static final Duration STUCK_AFTER = Duration.ofSeconds(10);
    /** Offsets behind the end up to which it is worth looking whether there is any record. */
    private static final long FEW = 10_000;

    private final Servers servers;
    private final Admin admin;
    private final TopicReader reader;

    KafkaCluster(Servers servers, Admin admin) {
        this.servers = servers;
        this.admin = admin;
        this.reader = servers.reader();
    }

    @Override
    public Map<Integer, Long> beginnings(String topic) {
        return reader.beginnings(topic);
    }

    @Override
    public Map<Integer, Long> ends(String topic) {
        return reader.ends(topic);
    }

    @Override
    public void read(
            String topic,
            Map<Integer, Long> from,
            Map<Integer, Long> to,
            Consumer<ConsumerRecord<byte[], byte[]>> sink) {
        reader.read(topic, from, to, sink);
    }

    @Override
    public Map<Integer, Long> positions(String group, String topic) {
        return committed(group, topic);
    }

    /** Waits for one input after the other, so that what the first causes in the next is waited for too. */
    @Override
    public boolean awaitProcessed(String group, List<String> inputs, List<String> outputs) {
        boolean processed = inputs.stream().allMatch(topic -> await(group, topic, reader.ends(topic)));
        // A transaction becomes visible partition by partition: what is written by now is either committed or given up.
        Map<TopicPartition, Long> written = written(outputs);
        boolean visible = outputs.stream()
                .allMatch(topic -> progress(() -> reader.ends(topic), ends -> isVisible(topic, written, ends)));
        return processed && visible;
    }

    private static boolean isVisible(String topic, Map<TopicPartition, Long> written, Map<Integer, Long> ends) {
        return written.entrySet().stream()
                .filter(one -> one.getKey().topic().equals(topic))
                .allMatch(one -> ends.getOrDefault(one.getKey().partition(), 0L) >= one.getValue());
    }

    /** Where topics end with what is not committed yet. */
    private Map<TopicPartition, Long> written(List<String> topics) {
        Map<String, Object> config = new HashMap<>(servers.client());
        config.remove(ConsumerConfig.GROUP_ID_CONFIG);
        config.remove(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG);
        config.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_uncommitted");
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = topics.stream()
                    .flatMap(topic -> consumer.partitionsFor(topic).stream())
                    .map(info -> new TopicPartition(info.topic(), info.partition()))
                    .toList();
            return consumer.endOffsets(partitions);
        }
    }

    private boolean await(String group, String topic, Map<Integer, Long> ends) {
        return progress(() -> committed(group, topic), committed -> isRead(topic, committed, ends));
    }

    /** Looks again and again until something is so; false once what is seen does not change any more. */
    private static <T> boolean progress(Supplier<T> look, Predicate<T> done) {
        T before = null;
        long progressAt = System.nanoTime();
        CountDownLatch pause = new CountDownLatch(1);
        while (true) {
            T seen = look.get();
            if (done.test(seen)) {
                return true;
            }
            if (!seen.equals(before)) {
                before = seen;
                progressAt = System.nanoTime();
            } else if (System.nanoTime() - progressAt > STUCK_AFTER.toNanos()) {
                return false;
            }
            try {
                boolean unused = pause.await(200, TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
        }
    }

    /** Behind the group's position there may be the ends of transactions, which are no records. */
    private boolean isRead(String topic, Map<Integer, Long> committed, Map<Integer, Long> ends) {
        Map<Integer, Long> open = new TreeMap<>(ends);
        open.entrySet().removeIf(end -> behind(committed, end) <= 0);
        if (open.entrySet().stream().anyMatch(end -> behind(committed, end) > FEW)) {
            return false;
        }
        long[] records = {0};
        reader.read(topic, committed, open, record -> records[0]++);
        return records[0] == 0;
    }

    private static long behind(Map<Integer, Long> committed, Map.Entry<Integer, Long> end) {
        return end.getValue() - committed.getOrDefault(end.getKey(), 0L);
    }

    private Map<Integer, Long> committed(String group, String topic) {
        Map<TopicPartition, OffsetAndMetadata> offsets;
        try {
            offsets = admin.listConsumerGroupOffsets(group)
                    .partitionsToOffsetAndMetadata()
                    .get();
        } catch (ExecutionException e) {
            throw new Exit(Exit.UNREACHABLE, "cannot read the positions of " + group + ": " + e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Exit(Exit.UNREACHABLE, "interrupted");
        }
        Map<Integer, Long> committed = new TreeMap<>();
        offsets.forEach((partition, offset) -> {
            if (partition.topic().equals(topic) && offset != null) {
                committed.put(partition.partition(), offset.offset());
            }
        });
        return committed;
    }
}
