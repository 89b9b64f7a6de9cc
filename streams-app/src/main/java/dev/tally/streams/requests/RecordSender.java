package dev.tally.streams.requests;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Sends single records within milliseconds, each exactly once as long as this lives, acknowledged by all replicas. */
public final class RecordSender implements AutoCloseable {

    private static final Duration CLOSE_WITHIN = Duration.ofSeconds(5);
    private static final int LINGER_MS = 3;
    private static final int BLOCK_AT_MOST_MS = 5_000;
    private static final int DELIVER_WITHIN_MS = 10_000;

    private final Producer<byte[], byte[]> producer;

    RecordSender(Producer<byte[], byte[]> producer) {
        this.producer = producer;
    }

    /** @param client settings for Kafka clients, with {@code bootstrap.servers} */
    public static RecordSender open(Map<String, Object> client) {
        Map<String, Object> config = new HashMap<>(client);
        config.put(ProducerConfig.ACKS_CONFIG, "all");
        config.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        // What is asked at about the same time goes together: a request to a broker for each costs both sides more than
        // the wait.
        config.put(ProducerConfig.LINGER_MS_CONFIG, LINGER_MS);
        // Somebody waits for each record: what takes longer is answered with "try again".
        config.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, BLOCK_AT_MOST_MS);
        config.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, BLOCK_AT_MOST_MS);
        config.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, DELIVER_WITHIN_MS);
        return new RecordSender(new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer()));
    }

    /** Sends a record; the answer is where it lies, or fails with a {@link KafkaException}, and then it may still have arrived. */
    CompletableFuture<RecordMetadata> send(ProducerRecord<byte[], byte[]> record) {
        CompletableFuture<RecordMetadata> sent = new CompletableFuture<>();
        try {
            var unused = producer.send(record, (at, failure) -> {
                if (failure == null) {
                    sent.complete(at);
                } else {
                    sent.completeExceptionally(failure);
                }
            });
        } catch (KafkaException | IllegalStateException closed) {
            sent.completeExceptionally(closed);
        }
        return sent;
    }

    @Override
    public void close() {
        producer.close(CLOSE_WITHIN);
    }
}
