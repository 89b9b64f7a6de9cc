package dev.tally.streams.app;

import dev.tally.streams.state.InputLag;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.KafkaClientSupplier;

/**
 * What the consumer of a stream thread says of its lag to that thread (KIP-695).
 *
 * <p>A consumer that does not know asks the broker. It must not be left to wait for a fetch: a thread that loses its partitions and gets
 * the same ones back has no figures of them any more, and to the broker nothing about them is new, so it tells nothing of a partition until
 * a record is appended to it. Kafka's metric {@code records-lag} would stay away as long; the intake of a quiet partition would never
 * be idle, and no interval of any payer would be closed.
 */
final class ConsumerLag implements KafkaClientSupplier, InputLag.Source {

    /** What Kafka Streams appends to a stream thread's name for the client id of its main consumer. */
    private static final String OF_THREAD = "-consumer";

    private final KafkaClientSupplier clients;
    private final Map<String, Consumer<byte[], byte[]>> byClientId = new ConcurrentHashMap<>();

    /** @param clients makes the clients */
    ConsumerLag(KafkaClientSupplier clients) {
        this.clients = clients;
    }

    @Override
    public OptionalLong of(String topic, int partition) {
        Consumer<byte[], byte[]> own = byClientId.get(Thread.currentThread().getName() + OF_THREAD);
        TopicPartition input = new TopicPartition(topic, partition);
        return own != null && own.assignment().contains(input) ? own.currentLag(input) : OptionalLong.empty();
    }

    @Override
    public Consumer<byte[], byte[]> getConsumer(Map<String, Object> config) {
        Consumer<byte[], byte[]> consumer = clients.getConsumer(config);
        // A thread that takes the place of one that died has its name too.
        byClientId.put(String.valueOf(config.get(ConsumerConfig.CLIENT_ID_CONFIG)), consumer);
        return consumer;
    }

    @Override
    public Consumer<byte[], byte[]> getRestoreConsumer(Map<String, Object> config) {
        return clients.getRestoreConsumer(config);
    }

    @Override
    public Consumer<byte[], byte[]> getGlobalConsumer(Map<String, Object> config) {
        return clients.getGlobalConsumer(config);
    }

    @Override
    public Producer<byte[], byte[]> getProducer(Map<String, Object> config) {
        return clients.getProducer(config);
    }

    @Override
    public Admin getAdmin(Map<String, Object> config) {
        return clients.getAdmin(config);
    }
}
