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
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/**
 * What a batch of records comes to, for one transaction.
 *
 * @param fresh who is to be told, in the order of the alerts
 * @param settled outcomes that need no attempt
 * @param skips why somebody is not told
 */
record AlertIntake(
        List<Waiting> fresh,
        List<SettledAlert> settled,
        List<Routing.Skip> skips,
        List<Unreadable> unreadable,
        Map<TopicPartition, OffsetAndMetadata> offsets) {

    /** A record that is no alert. */
    record Unreadable(FactRecord origin, String reason, String detail) {}

    static AlertIntake empty() {
        return new AlertIntake(
                new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new HashMap<>());
    }

    /**
     * Takes one record in; throws RegistryUnavailableException before anything is changed. Returns false, and has changed nothing, where an address
     * that takes alerts has as many waiting as may: the record is to be read again.
     */
    boolean take(
            AlertPartition partition,
            ConsumerRecord<byte[], byte[]> record,
            RecordSerde<QuotaAlert> serde,
            Directory directory,
            AlertSettings settings,
            AlertListener listener,
            Instant now) {
        FactRecord origin = FactRecord.of(record);
        // Without the headers, as it is read again from the ledger, which keeps the bytes alone.
        switch (serde.decode(record.topic(), null, record.value())) {
            case Decoded.Refused<QuotaAlert>(var reason, String detail) ->
                unreadable.add(new Unreadable(origin, reason.code(), detail));
            case Decoded.Read<QuotaAlert>(QuotaAlert alert) -> {
                Contacts contacts = directory.of(alert.getSubject());
                Routing routing =
                        Routing.of(AlertRecords.alert(alert), origin.appendedAt(), contacts, settings.mailOn(), now);
                List<Waiting> all = routing.recipients().stream()
                        .map(recipient -> new Waiting(
                                origin, alert.getAlertId(), alert.getSubject(), recipient, contacts.catalogueOffset()))
                        .toList();
                if (all.stream().anyMatch(one -> hasToWait(partition.memory(), one, settings.maxWaiting()))) {
                    return false;
                }
                skips.addAll(routing.skips());
                all.forEach(one -> take(partition.memory(), one, settings.maxWaiting(), listener));
            }
        }
        offsets.put(partition.partition(), new OffsetAndMetadata(record.offset() + 1));
        return true;
    }

    private static boolean hasToWait(AlertMemory memory, Waiting one, int most) {
        return !memory.knows(one.ledgerKey())
                && memory.waitingFor(one.recipient()) >= most
                && !memory.isFailing(one.recipient());
    }

    private void take(AlertMemory memory, Waiting one, int most, AlertListener listener) {
        String key = one.ledgerKey();
        if (memory.knows(key)) {
            listener.readAgain();
        } else if (memory.waitingFor(one.recipient()) >= most) {
            memory.settle(key, one.origin().appendedAt());
            settled.add(new SettledAlert(
                    one,
                    new AlertOutcome.Dead(
                            AlertRules.TOO_MANY_WAITING, most + " alerts wait for the same address, which takes none"),
                    one.catalogueOffset()));
        } else {
            memory.add(key, one);
            fresh.add(one);
        }
    }
}
