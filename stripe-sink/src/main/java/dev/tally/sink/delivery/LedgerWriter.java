package dev.tally.sink.delivery;

import dev.tally.schemas.LedgerEntry;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.sink.delivery.PartitionWork.Unreadable;
import dev.tally.sink.reporting.Outcome;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;

/**
 * The two short transactions of a fact: its intent before anything is sent, and its outcome together with dead letters
 * and offsets after Stripe answered. No transaction is open while Stripe is called.
 */
final class LedgerWriter implements AutoCloseable {
    private final Producer<byte[], byte[]> producer;
    private final DeliveryTopics topics;
    private final RecordSerde<LedgerEntry> serde;

    /** What one outcome transaction holds. */
    record Batch(List<Settled> settled, List<Unreadable> unreadable, Map<TopicPartition, OffsetAndMetadata> offsets) {
        boolean isEmpty() {
            return settled.isEmpty() && unreadable.isEmpty() && offsets.isEmpty();
        }
    }

    LedgerWriter(Producer<byte[], byte[]> producer, DeliveryTopics topics, RecordSerde<LedgerEntry> serde) {
        this.producer = producer;
        this.topics = topics;
        this.serde = serde;
    }

    /**
     * Fences an earlier producer of the same transactional id and ends its open transaction; settles the ledger's schema
     * with the registry first, so that no transaction waits for it.
     */
    void open() {
        serde.prepare(topics.ledger());
        producer.initTransactions();
    }

    /**
     * Commits what is about to be sent, together with where the group stands: so an instance that has lost a partition cannot
     * write intents any more, and its successor, which waits for open offsets before it reads the ledger, sees all of them.
     */
    void writeIntents(
            List<Delivery> deliveries, Map<TopicPartition, OffsetAndMetadata> positions, ConsumerGroupMetadata group) {
        producer.beginTransaction();
        for (Delivery delivery : deliveries) {
            send(delivery.origin().partition(), LedgerEntries.intent(delivery.fact(), delivery.firstAttemptAt()));
        }
        producer.sendOffsetsToTransaction(positions, group);
        producer.commitTransaction();
    }

    /**
     * Returns false, with nothing written, where the group is changing and does not take offsets of what this instance knows of it. After
     * the next poll it does, or the partitions are lost.
     */
    boolean writeOutcomes(Batch batch, ConsumerGroupMetadata group, Instant now, CrashPoints crashPoints) {
        producer.beginTransaction();
        try {
            send(batch, group, now);
            crashPoints.reached(CrashPoints.Point.OUTCOMES_WRITTEN);
            producer.commitTransaction();
            return true;
        } catch (CommitFailedException groupChanges) {
            producer.abortTransaction();
            return false;
        }
    }

    private void send(Batch batch, ConsumerGroupMetadata group, Instant now) {
        for (Settled settled : batch.settled()) {
            send(settled.origin().partition(), LedgerEntries.outcome(settled, now));
            sendDeadLetter(settled);
        }
        for (Unreadable unreadable : batch.unreadable()) {
            send(DeadLetters.of(topics.deadLetters(), unreadable.origin(), unreadable.reason(), unreadable.detail()));
        }
        if (!batch.offsets().isEmpty()) {
            producer.sendOffsetsToTransaction(batch.offsets(), group);
        }
    }

    private void sendDeadLetter(Settled settled) {
        switch (settled.outcome()) {
            case Outcome.Accepted() -> {}
            case Outcome.Unconfirmed() -> {}
            case Outcome.DuplicateOk() -> {}
            case Outcome.Dead(String reason, String detail) ->
                send(DeadLetters.of(topics.deadLetters(), settled.origin(), reason, detail));
            case Outcome.Parked(String reason, String detail) ->
                send(DeadLetters.of(topics.deadLetters(), settled.origin(), reason, detail));
        }
    }

    private void send(int partition, LedgerEntry entry) {
        RecordHeaders headers = new RecordHeaders();
        byte[] value = serde.serializer().serialize(topics.ledger(), headers, entry);
        byte[] key = entry.getIdentifier().getBytes(StandardCharsets.UTF_8);
        send(new ProducerRecord<>(topics.ledger(), partition, key, value, headers));
    }

    /** A failed send fails the commit of its transaction, so its future needs no own check. */
    private void send(ProducerRecord<byte[], byte[]> record) {
        var unused = producer.send(record);
    }

    /** Leaves an open transaction to the broker: after a failure nothing of it may be finished. */
    void drop() {
        producer.close(Duration.ZERO);
    }

    @Override
    public void close() {
        producer.close(Duration.ofSeconds(10));
    }
}
