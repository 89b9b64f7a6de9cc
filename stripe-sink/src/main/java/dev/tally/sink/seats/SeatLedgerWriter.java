package dev.tally.sink.seats;

import dev.tally.schemas.SeatChange;
import dev.tally.schemas.SeatLedgerEntry;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.sink.delivery.DeadLetters;
import dev.tally.sink.delivery.FactRecord;
import dev.tally.sink.seats.rules.Change;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;

/**
 * Writes entries, dead letters and positions in one transaction. The positions of all partitions it writes for go with it, moved or not:
 * so a process that has lost one of them fails instead of overwriting what the new owner knows.
 */
final class SeatLedgerWriter implements AutoCloseable {
    private final Producer<byte[], byte[]> producer;
    private final SeatsTopics topics;
    private final RecordSerde<SeatLedgerEntry> ledger;
    private final RecordSerde<SeatChange> changes;

    /** A change or a record that is kept as a dead letter. */
    record DeadLetter(FactRecord origin, String reason, String detail) {}

    SeatLedgerWriter(
            Producer<byte[], byte[]> producer,
            SeatsTopics topics,
            RecordSerde<SeatLedgerEntry> ledger,
            RecordSerde<SeatChange> changes) {
        this.producer = producer;
        this.topics = topics;
        this.ledger = ledger;
        this.changes = changes;
    }

    /**
     * Fences an earlier producer of the same transactional id and ends its open transaction; settles the schemas with the registry
     * first, so that no transaction waits for it.
     */
    void open() {
        ledger.prepare(topics.ledger());
        changes.prepare(topics.changes());
        producer.initTransactions();
    }

    /** What was read, as far as it is still known. */
    FactRecord origin(OrgWork work, Change change) {
        String org = work.seats().org();
        return new FactRecord(
                topics.changes(),
                work.source().partition().partition(),
                change.offset(),
                change.appendedAt(),
                org.getBytes(StandardCharsets.UTF_8),
                changes.serializer()
                        .serialize(topics.changes(), new RecordHeaders(), SeatLedgerEntries.record(org, change)));
    }

    /** {@code written} runs when all is written and nothing committed. */
    void write(
            Collection<OrgWork> works,
            List<DeadLetter> deadLetters,
            Map<TopicPartition, OffsetAndMetadata> offsets,
            ConsumerGroupMetadata group,
            Runnable written) {
        producer.beginTransaction();
        for (OrgWork work : works) {
            RecordHeaders headers = new RecordHeaders();
            byte[] value =
                    ledger.serializer().serialize(topics.ledger(), headers, SeatLedgerEntries.entry(work.seats()));
            byte[] key = work.seats().org().getBytes(StandardCharsets.UTF_8);
            int partition = work.source().partition().partition();
            send(new ProducerRecord<>(topics.ledger(), partition, key, value, headers));
        }
        for (DeadLetter letter : deadLetters) {
            send(DeadLetters.of(topics.deadLetters(), letter.origin(), letter.reason(), letter.detail()));
        }
        producer.sendOffsetsToTransaction(offsets, group);
        written.run();
        producer.commitTransaction();
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
