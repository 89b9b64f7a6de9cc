package dev.tally.sink.reconciling;

import dev.tally.schemas.LedgerEntry;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.sink.comparison.SentFact;
import dev.tally.sink.delivery.ConfirmRequests;
import dev.tally.sink.reporting.Fact;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Asks the owners of facts to note in their ledgers what a comparison has found in Stripe's sums. Who compares writes no ledger itself: the
 * entry may have changed since it was read, and its partition may be another instance's.
 */
public final class Confirmations {
    private final Map<String, Object> kafka;
    private final String topic;
    private final RecordSerde<LedgerEntry> serde;
    private final InstantSource clock;

    /**
     * Asks nothing yet.
     *
     * @param kafka settings for clients
     * @param topic of requests
     */
    public Confirmations(Map<String, Object> kafka, String topic, RecordSerde<LedgerEntry> serde, InstantSource clock) {
        this.kafka = Map.copyOf(kafka);
        this.topic = topic;
        this.serde = serde;
        this.clock = clock;
    }

    /** Asks for all that is confirmed, and returns when that is written; Kafka's exceptions come out as they are. */
    public void request(Reconciliation result) {
        if (result.confirmed().isEmpty()) {
            return;
        }
        Map<String, Object> config = new HashMap<>(kafka);
        config.put(ProducerConfig.ACKS_CONFIG, "all");
        config.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        Instant now = clock.instant();
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer())) {
            List<Future<?>> sent = new ArrayList<>();
            for (SentFact fact : result.confirmed()) {
                sent.add(producer.send(ConfirmRequests.of(
                        topic, serde, fact.partition(), fact(fact), fact.at().replays(), now)));
            }
            for (Future<?> one : sent) {
                one.get();
            }
        } catch (ExecutionException failure) {
            throw new KafkaException("what was confirmed could not be written to " + topic, failure.getCause());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new org.apache.kafka.common.errors.InterruptException(interrupted);
        }
    }

    private static Fact fact(SentFact sent) {
        return new Fact(
                sent.identifier(),
                sent.payer(),
                sent.customer(),
                sent.eventName(),
                sent.amount(),
                sent.timestamp(),
                sent.hasOwnMinute());
    }
}
