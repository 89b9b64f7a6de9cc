package dev.tally.sink.delivery;

import dev.tally.schemas.LedgerEntry;
import dev.tally.sink.delivery.PartitionWork.Unreadable;
import dev.tally.sink.reporting.Outcome;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.clients.producer.ProducerRecord;

/** The records of the two transactions of a fact: its intent before anything is sent, and its outcome after Stripe answered. */
final class FactLedger {
    private final LedgerTopic<LedgerEntry> ledger;
    private final String deadLetters;

    FactLedger(LedgerTopic<LedgerEntry> ledger, String deadLetters) {
        this.ledger = ledger;
        this.deadLetters = deadLetters;
    }

    List<ProducerRecord<byte[], byte[]>> intents(List<Delivery> deliveries, Instant now) {
        return deliveries.stream()
                .map(delivery -> entry(delivery.origin().partition(), LedgerEntries.intent(delivery, now)))
                .toList();
    }

    List<ProducerRecord<byte[], byte[]>> outcomes(List<Settled> all, List<Unreadable> unreadable, Instant now) {
        List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
        for (Settled settled : all) {
            records.add(entry(settled.origin().partition(), LedgerEntries.outcome(settled, now)));
            switch (settled.outcome()) {
                case Outcome.Accepted() -> {}
                case Outcome.Unconfirmed() -> {}
                case Outcome.Confirmed() -> {}
                case Outcome.DuplicateOk() -> {}
                case Outcome.Dead(String reason, String detail) ->
                    records.add(DeadLetters.of(deadLetters, settled, reason, detail));
                case Outcome.Parked(String reason, String detail) ->
                    records.add(DeadLetters.of(deadLetters, settled, reason, detail));
            }
        }
        for (Unreadable refused : unreadable) {
            records.add(DeadLetters.of(deadLetters, refused.origin(), refused.reason(), refused.detail()));
        }
        return records;
    }

    private ProducerRecord<byte[], byte[]> entry(int partition, LedgerEntry entry) {
        return ledger.record(partition, LedgerEntries.key(entry), entry);
    }
}
