package dev.tally.sink.alerts.delivery;

import dev.tally.schemas.AlertLedgerEntry;
import dev.tally.sink.delivery.AssignedPartition;
import java.time.Instant;
import org.apache.kafka.common.TopicPartition;

/** An assigned partition of the alerts; the senders also use what {@link AlertMemory} says of endpoints. */
final class AlertPartition extends AssignedPartition<AlertLedgerEntry> {
    private final AlertMemory memory;
    private AlertBatch batch = AlertBatch.empty();

    AlertPartition(TopicPartition partition, AlertMemory memory) {
        super(partition);
        this.memory = memory;
    }

    @Override
    protected void apply(AlertLedgerEntry entry) {
        memory.apply(entry);
    }

    @Override
    protected void forget(String key) {
        memory.settle(key, Instant.EPOCH);
    }

    AlertMemory memory() {
        return memory;
    }

    /** What is to be written next. */
    AlertBatch batch() {
        return batch;
    }

    /** Hands over what was committed, and begins anew. */
    AlertBatch takeBatch() {
        AlertBatch taken = batch;
        batch = AlertBatch.empty();
        return taken;
    }
}
