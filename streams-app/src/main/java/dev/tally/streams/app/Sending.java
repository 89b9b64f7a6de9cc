package dev.tally.streams.app;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/** Sends many records without waiting for each, in order within a partition, and fails at the end if any failed. */
final class Sending implements AutoCloseable {

    private final Producer<byte[], byte[]> producer;
    private final AtomicReference<@Nullable Exception> failure = new AtomicReference<>();
    private long sent;

    private Sending(Producer<byte[], byte[]> producer) {
        this.producer = producer;
    }

    /** Sends by a producer of its own, to all replicas. */
    static Sending with(Map<String, Object> client) {
        Map<String, Object> config = new HashMap<>(client);
        config.put(ProducerConfig.ACKS_CONFIG, "all");
        // A leader that is just beginning may refuse a new producer's first batch, and must not take a second then
        // (KAFKA-15591).
        config.put(ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION, 1);
        return new Sending(new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer()));
    }

    void send(ProducerRecord<byte[], byte[]> record) {
        sent++;
        var unused = producer.send(record, (at, failed) -> {
            if (failed != null) {
                failure.compareAndSet(null, failed);
            }
        });
    }

    /**
     * Waits until all are written.
     *
     * @return how many were sent in all
     * @throws KafkaException when one was not
     */
    long finish() {
        producer.flush();
        Exception failed = failure.get();
        if (failed != null) {
            throw new KafkaException("records cannot be written", failed);
        }
        return sent;
    }

    @Override
    public void close() {
        producer.close();
    }
}
