package dev.tally.sink.alerts.delivery;

import dev.tally.schemas.AlertLedgerEntry;
import dev.tally.sink.delivery.LedgerReader;
import dev.tally.sink.delivery.Ownership;
import java.time.Instant;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/** An assigned partition of the alerts; the senders use {@link #ownership} and what
 * {@link AlertMemory} says of endpoints alone. */
final class AlertPartition implements LedgerReader.Target<AlertLedgerEntry> {
    private final TopicPartition partition;
    private final AlertMemory memory;
    private final Ownership ownership = new Ownership();
    private boolean loaded;
    private boolean resumed;
    private @Nullable Instant blockedUntil;

    AlertPartition(TopicPartition partition, AlertMemory memory) {
        this.partition = partition;
        this.memory = memory;
    }

    @Override
    public TopicPartition partition() {
        return partition;
    }

    @Override
    public void apply(AlertLedgerEntry entry) {
        memory.apply(entry);
    }

    @Override
    public void forget(String key) {
        memory.settle(key, Instant.EPOCH);
    }

    @Override
    public void loaded() {
        loaded = true;
    }

    AlertMemory memory() {
        return memory;
    }

    Ownership ownership() {
        return ownership;
    }

    /** Whether its ledger is read and what waited there is being sent again. */
    boolean isReady() {
        return resumed;
    }

    /** Returns true once, when its ledger is read: what waits is then to be sent. */
    boolean resume() {
        if (!loaded || resumed) {
            return false;
        }
        resumed = true;
        return true;
    }

    void blockUntil(Instant time) {
        blockedUntil = time;
    }

    boolean isBlocked(Instant now) {
        Instant until = blockedUntil;
        return until != null && now.isBefore(until);
    }
}
