package dev.tally.bench.measure;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Notes when a committed record about a probe first shows in a topic, on a thread of its own. */
final class Arrivals implements AutoCloseable {

    private static final String PROBE = "user:probe-u";

    private final String bootstrapServers;
    private final String topic;
    private final Map<String, Long> firstSeen = new ConcurrentHashMap<>();
    private final Thread thread;
    private volatile boolean stopped;

    private Arrivals(String bootstrapServers, String topic) {
        this.bootstrapServers = bootstrapServers;
        this.topic = topic;
        this.thread = Thread.ofPlatform().name("arrivals-" + topic).daemon().start(this::run);
    }

    static Arrivals of(Bed bed, String topic) {
        return new Arrivals(bed.stack().bootstrapServers(), topic);
    }

    /** When the first record about a probe's user arrived, by {@link System#nanoTime}. */
    Optional<Long> at(String user) {
        return Optional.ofNullable(firstSeen.get("user:" + user));
    }

    private void run() {
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                Map.of(
                        ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                        bootstrapServers,
                        ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
                        false,
                        ConsumerConfig.ISOLATION_LEVEL_CONFIG,
                        "read_committed"),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
                    .map(info -> new TopicPartition(topic, info.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            while (!stopped) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(100))) {
                    note(new String(record.key(), StandardCharsets.UTF_8));
                }
            }
        }
    }

    /** The key of a total goes on after the subject, that of an alert is the subject. */
    private void note(String key) {
        if (key.startsWith(PROBE)) {
            int end = key.indexOf('/');
            firstSeen.putIfAbsent(end < 0 ? key : key.substring(0, end), System.nanoTime());
        }
    }

    @Override
    public void close() {
        stopped = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
