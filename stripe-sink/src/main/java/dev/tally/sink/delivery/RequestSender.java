package dev.tally.sink.delivery;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Writes requests to the owners of facts: {@link ConfirmRequests} and {@link ReplayRequests}. They are few and rare, so each call has its own producer. */
public final class RequestSender {
    /** A request to replay is a fact's record with more headers, as a dead letter is. */
    private static final int LARGEST_REQUEST = 2 * 1_024 * 1_024;

    private final Map<String, Object> config;

    /** @param kafka settings for clients */
    public RequestSender(Map<String, Object> kafka) {
        Map<String, Object> producer = new HashMap<>(kafka);
        producer.put(ProducerConfig.ACKS_CONFIG, "all");
        producer.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        producer.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, LARGEST_REQUEST);
        this.config = Map.copyOf(producer);
    }

    /**
     * Returns when all are written.
     *
     * @throws KafkaException when one could not be; those before it are
     */
    public void write(List<ProducerRecord<byte[], byte[]>> requests) {
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer())) {
            List<Future<?>> sent = new ArrayList<>(requests.size());
            for (ProducerRecord<byte[], byte[]> request : requests) {
                sent.add(producer.send(request));
            }
            for (Future<?> one : sent) {
                one.get();
            }
        } catch (ExecutionException failure) {
            throw new KafkaException("a request could not be written", failure.getCause());
        } catch (InterruptedException interrupted) {
            throw new InterruptException(interrupted);
        }
    }
}
