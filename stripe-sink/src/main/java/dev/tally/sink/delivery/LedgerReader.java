package dev.tally.sink.delivery;

import dev.tally.schemas.LedgerEntry;
import dev.tally.schemas.serde.Decoded;
import dev.tally.schemas.serde.RecordSerde;
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
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;

/**
 * Rebuilds the memory of assigned partitions from the ledger.
 *
 * <p>The end to reach is the last offset of any record, committed or not, taken after the consumer knew where to go on
 * reading facts: a transaction of the former owner that is still being decided is then waited for, not overlooked.
 */
final class LedgerReader implements AutoCloseable {
    private final Consumer<byte[], byte[]> consumer;
    private final Admin admin;
    private final String ledgerTopic;
    private final RecordSerde<LedgerEntry> serde;
    private final Map<TopicPartition, Rebuild> rebuilds = new HashMap<>();

    private record Rebuild(PartitionWork work, long end) {}

    LedgerReader(Consumer<byte[], byte[]> consumer, Admin admin, String ledgerTopic, RecordSerde<LedgerEntry> serde) {
        this.consumer = consumer;
        this.admin = admin;
        this.ledgerTopic = ledgerTopic;
        this.serde = serde;
    }

    /** Starts to read the ledger of {@code work}'s partition from {@code oldest} on. */
    void start(PartitionWork work, Instant oldest) throws InterruptedException {
        TopicPartition ledger = new TopicPartition(ledgerTopic, work.partition().partition());
        rebuilds.put(ledger, new Rebuild(work, endOf(ledger)));
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

    boolean isReading() {
        return !rebuilds.isEmpty();
    }

    /** Reads on for at most {@code longest} and marks what reached its end as loaded. */
    void step(Duration longest) {
        finish();
        if (!isReading()) {
            return;
        }
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(longest)) {
            Rebuild rebuild = rebuilds.get(new TopicPartition(record.topic(), record.partition()));
            if (rebuild != null) {
                apply(rebuild.work().memory(), record);
            }
        }
        finish();
    }

    private void finish() {
        boolean finished = rebuilds.entrySet().removeIf(entry -> {
            boolean done = consumer.position(entry.getKey()) >= entry.getValue().end();
            if (done) {
                entry.getValue().work().loaded();
            }
            return done;
        });
        if (finished) {
            consumer.assign(rebuilds.keySet());
        }
    }

    private void apply(LedgerMemory memory, ConsumerRecord<byte[], byte[]> record) {
        if (record.value() == null) {
            memory.forget(new String(Objects.requireNonNull(record.key(), "ledger key"), StandardCharsets.UTF_8));
            return;
        }
        switch (serde.decode(record.topic(), record.headers(), record.value())) {
            case Decoded.Read<LedgerEntry>(LedgerEntry entry) -> memory.apply(entry);
            case Decoded.Refused<LedgerEntry>(var reason, String detail) ->
                throw new IllegalStateException("ledger entry at " + record.topic() + "-" + record.partition()
                        + ", offset " + record.offset() + " cannot be read: " + reason.code() + ", " + detail);
        }
    }

    /** Forgets a partition that was lost while it was being read. */
    void abandon(PartitionWork work) {
        rebuilds.remove(new TopicPartition(ledgerTopic, work.partition().partition()));
        consumer.assign(rebuilds.keySet());
    }

    @Override
    public void close() {
        consumer.close(org.apache.kafka.clients.consumer.CloseOptions.timeout(Duration.ofSeconds(5)));
    }
}
