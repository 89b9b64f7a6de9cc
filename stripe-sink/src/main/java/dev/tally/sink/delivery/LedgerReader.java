package dev.tally.sink.delivery;

import dev.tally.schemas.serde.Decoded;
import dev.tally.sink.delivery.AssignedPartition.Stage;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;

/**
 * Rebuilds the memory of assigned partitions from a ledger.
 *
 * <p>The end to reach is the last offset of any record, committed or not, taken after the consumer knew where to go on
 * reading its input: a transaction of the former owner that is still being decided is then waited for, not overlooked.
 *
 * @param <E> the ledger's records
 */
final class LedgerReader<E extends SpecificRecord> implements AutoCloseable {
    private final Consumer<byte[], byte[]> consumer;
    private final Admin admin;
    private final LedgerTopic<E> ledgerTopic;
    private final Map<TopicPartition, Rebuild<E>> rebuilds = new HashMap<>();

    private record Rebuild<E>(AssignedPartition<E> target, long end) {}

    /** Reads with the clients given, of which it closes the consumer. */
    LedgerReader(Consumer<byte[], byte[]> consumer, Admin admin, LedgerTopic<E> ledgerTopic) {
        this.consumer = consumer;
        this.admin = admin;
        this.ledgerTopic = ledgerTopic;
    }

    /** Starts to read the ledger of {@code target}'s partition from {@code oldest} on. */
    void start(AssignedPartition<E> target, Instant oldest) throws InterruptedException {
        TopicPartition ledger =
                new TopicPartition(ledgerTopic.name(), target.partition().partition());
        rebuilds.put(ledger, new Rebuild<>(target, endOf(ledger)));
        consumer.assign(rebuilds.keySet());
        OffsetAndTimestamp begin =
                consumer.offsetsForTimes(Map.of(ledger, oldest.toEpochMilli())).get(ledger);
        if (begin == null) {
            consumer.seekToBeginning(List.of(ledger));
        } else {
            consumer.seek(ledger, begin.offset());
        }
    }

    private long endOf(TopicPartition ledger) throws InterruptedException {
        try {
            return admin.listOffsets(
                            Map.of(ledger, OffsetSpec.latest()),
                            new ListOffsetsOptions(IsolationLevel.READ_UNCOMMITTED))
                    .partitionResult(ledger)
                    .get(60, TimeUnit.SECONDS)
                    .offset();
        } catch (ExecutionException failure) {
            throw new KafkaException("end of the ledger is unknown", failure.getCause());
        } catch (TimeoutException failure) {
            throw new org.apache.kafka.common.errors.TimeoutException("end of the ledger is unknown", failure);
        }
    }

    /** Whether some partition is not loaded yet. */
    boolean isReading() {
        return !rebuilds.isEmpty();
    }

    /** Reads on for about {@code longest}, or until all is read, and marks what reached its end as loaded. */
    void step(Duration longest) {
        long end = System.nanoTime() + longest.toNanos();
        finish();
        for (long left = longest.toNanos(); isReading() && left > 0; left = end - System.nanoTime()) {
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofNanos(left))) {
                Rebuild<E> rebuild = rebuilds.get(new TopicPartition(record.topic(), record.partition()));
                if (rebuild != null) {
                    apply(rebuild.target(), record);
                }
            }
            finish();
        }
    }

    private void finish() {
        boolean finished = rebuilds.entrySet().removeIf(entry -> {
            boolean done = consumer.position(entry.getKey()) >= entry.getValue().end();
            if (done) {
                entry.getValue().target().reached(Stage.LOADED);
            }
            return done;
        });
        if (finished) {
            consumer.assign(rebuilds.keySet());
        }
    }

    private void apply(AssignedPartition<E> target, ConsumerRecord<byte[], byte[]> record) {
        if (record.value() == null) {
            target.forget(new String(Objects.requireNonNull(record.key(), "ledger key"), StandardCharsets.UTF_8));
            return;
        }
        switch (ledgerTopic.serde().decode(record.topic(), record.headers(), record.value())) {
            case Decoded.Read<E>(E entry) -> target.apply(entry);
            case Decoded.Refused<E>(var reason, String detail) ->
                throw new IllegalStateException("ledger entry at " + record.topic() + "-" + record.partition()
                        + ", offset " + record.offset() + " cannot be read: " + reason.code() + ", " + detail);
        }
    }

    /** Forgets a partition that was lost while it was being read. */
    void abandon(AssignedPartition<E> target) {
        rebuilds.remove(
                new TopicPartition(ledgerTopic.name(), target.partition().partition()));
        consumer.assign(rebuilds.keySet());
    }

    @Override
    public void close() {
        consumer.close(CloseOptions.timeout(Duration.ofSeconds(5)));
    }
}
