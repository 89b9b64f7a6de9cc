package dev.tally.sink.alerts.delivery;

import dev.tally.schemas.QuotaAlert;
import dev.tally.schemas.serde.Decoded;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.sink.alerts.AlertOutcome;
import dev.tally.sink.alerts.AlertRules;
import dev.tally.sink.alerts.Contacts;
import dev.tally.sink.alerts.Routing;
import dev.tally.sink.delivery.FactRecord;
import java.time.Instant;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Takes consumed records into their partition's batch: who is to be told, and what is settled without an attempt. */
final class AlertReader {
    private final RecordSerde<QuotaAlert> serde;
    private final Directory directory;
    private final AlertSettings settings;
    private final AlertListener listener;

    AlertReader(RecordSerde<QuotaAlert> serde, Directory directory, AlertSettings settings, AlertListener listener) {
        this.serde = serde;
        this.directory = directory;
        this.settings = settings;
        this.listener = listener;
    }

    /**
     * Takes one record in; throws RegistryUnavailableException before anything is changed. Returns false, and has changed nothing, where an address
     * that takes alerts has as many waiting as may: the record is to be read again.
     */
    boolean take(AlertPartition partition, ConsumerRecord<byte[], byte[]> record, Instant now) {
        FactRecord origin = FactRecord.of(record);
        // Without the headers, as it is read again from the ledger, which keeps the bytes alone.
        switch (serde.decode(record.topic(), null, record.value())) {
            case Decoded.Refused<QuotaAlert>(var reason, String detail) ->
                partition.batch().unreadable().add(new AlertBatch.Unreadable(origin, reason.code(), detail));
            case Decoded.Read<QuotaAlert>(QuotaAlert alert) -> {
                Contacts contacts = directory.of(alert.getSubject());
                Routing routing =
                        Routing.of(AlertRecords.alert(alert), origin.appendedAt(), contacts, settings.mailOn(), now);
                List<Waiting> all = routing.recipients().stream()
                        .map(recipient -> new Waiting(
                                origin, alert.getAlertId(), alert.getSubject(), recipient, contacts.catalogueOffset()))
                        .toList();
                if (all.stream().anyMatch(one -> hasToWait(partition.memory(), one))) {
                    return false;
                }
                partition.batch().skips().addAll(routing.skips());
                all.forEach(one -> take(partition, one));
            }
        }
        partition.movedTo(record.offset() + 1);
        return true;
    }

    private boolean hasToWait(AlertMemory memory, Waiting one) {
        return !memory.knows(one.ledgerKey()) && isCrowded(memory, one) && !memory.isFailing(one.recipient());
    }

    private boolean isCrowded(AlertMemory memory, Waiting one) {
        return memory.waitingFor(one.recipient()) >= settings.maxWaiting();
    }

    private void take(AlertPartition partition, Waiting one) {
        AlertMemory memory = partition.memory();
        String key = one.ledgerKey();
        if (memory.knows(key)) {
            listener.readAgain();
        } else if (isCrowded(memory, one)) {
            memory.settle(key, one.origin().appendedAt());
            String detail = settings.maxWaiting() + " alerts wait for the same address, which takes none";
            partition
                    .batch()
                    .settled()
                    .add(new SettledAlert(
                            one, new AlertOutcome.Dead(AlertRules.TOO_MANY_WAITING, detail), one.catalogueOffset()));
        } else {
            memory.add(key, one);
            partition.batch().fresh().add(one);
        }
    }
}
