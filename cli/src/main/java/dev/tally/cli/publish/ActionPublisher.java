package dev.tally.cli.publish;

import dev.tally.cli.Exit;
import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.topics.Topics;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Publishes actions, with progress on standard error. */
public final class ActionPublisher implements AutoCloseable {

    private static final long REPORT_EVERY_NANOS = 2_000_000_000L;
    private static final long SEED = 1;

    private final Producer<byte[], byte[]> producer;
    private final RecordSerde<ActionEvent> serde;
    private final Topics topics;
    private final boolean randomPartitions;
    private final Random random = new Random(SEED);
    private final AtomicLong acknowledged = new AtomicLong();
    private final AtomicReference<Exception> failure = new AtomicReference<>();
    private final long begun = System.nanoTime();
    private boolean quiet;
    private long sent;
    private long reportedAt = begun;

    /** @param randomPartitions whether partitions are picked at random, as a producer with a foreign partitioner might */
    public ActionPublisher(Map<String, Object> client, RecordSerdes serdes, Topics topics, boolean randomPartitions) {
        client.put(ProducerConfig.ACKS_CONFIG, "all");
        client.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        client.put(ProducerConfig.LINGER_MS_CONFIG, 5);
        client.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, "lz4");
        this.producer = new KafkaProducer<>(client, new ByteArraySerializer(), new ByteArraySerializer());
        this.serde = serdes.of(ActionEvent.class);
        this.topics = topics;
        this.randomPartitions = randomPartitions;
    }

    /** Without progress. */
    public ActionPublisher quiet() {
        quiet = true;
        return this;
    }

    /** Sends an action; blocks while the producer's buffer is full. */
    public void send(ActionEvent action) {
        failOnFailure();
        byte[] key = action.getUserId().getBytes(StandardCharsets.UTF_8);
        byte[] value = serde.serializer().serialize(topics.actions(), action);
        Integer partition = randomPartitions ? random.nextInt(topics.actionsPartitions()) : null;
        Future<RecordMetadata> unused =
                producer.send(new ProducerRecord<>(topics.actions(), partition, key, value), (metadata, e) -> {
                    if (e == null) {
                        acknowledged.incrementAndGet();
                    } else {
                        failure.compareAndSet(null, e);
                    }
                });
        sent++;
        if (!quiet && System.nanoTime() - reportedAt > REPORT_EVERY_NANOS) {
            reportedAt = System.nanoTime();
            System.err.printf("%,d sent, %,d/s%n", sent, rate());
        }
    }

    /** Waits until every action is acknowledged. */
    public void finish() {
        producer.flush();
        failOnFailure();
        System.err.printf("%,d actions published, %,d/s%n", acknowledged.get(), rate());
    }

    private long rate() {
        return sent * 1_000_000_000L / Math.max(1, System.nanoTime() - begun);
    }

    private void failOnFailure() {
        Exception failed = failure.get();
        if (failed != null) {
            throw new Exit(
                    Exit.UNREACHABLE,
                    acknowledged.get() + " actions were published, then one failed: " + failed.getMessage());
        }
    }

    @Override
    public void close() {
        producer.close();
    }
}
