package dev.tally.sink.seats;

import dev.tally.schemas.SeatChange;
import dev.tally.schemas.SeatLedgerEntry;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.sink.delivery.DeadLetters;
import dev.tally.sink.delivery.FactRecord;
import dev.tally.sink.delivery.LedgerTopic;
import dev.tally.sink.seats.rules.Change;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;

/** The records of what is committed: the state of each org that changed, and dead letters. */
final class SeatLedger {
    private final SeatsTopics topics;
    private final LedgerTopic<SeatLedgerEntry> ledger;
    private final RecordSerde<SeatChange> changes;

    /** A change or a record that is kept as a dead letter. */
    record DeadLetter(FactRecord origin, String reason, String detail) {}

    SeatLedger(SeatsTopics topics, LedgerTopic<SeatLedgerEntry> ledger, RecordSerde<SeatChange> changes) {
        this.topics = topics;
        this.ledger = ledger;
        this.changes = changes;
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

    List<ProducerRecord<byte[], byte[]>> records(SeatBatch batch) {
        List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
        for (OrgWork work : batch.works()) {
            records.add(ledger.record(
                    work.source().partition().partition(), work.seats().org(), SeatLedgerEntries.entry(work.seats())));
        }
        for (DeadLetter letter : batch.deadLetters()) {
            records.add(DeadLetters.of(topics.deadLetters(), letter.origin(), letter.reason(), letter.detail()));
        }
        return records;
    }
}
