package dev.tally.sink.alerts.delivery;

import dev.tally.schemas.AlertChannel;
import dev.tally.schemas.AlertLedgerEntry;
import dev.tally.schemas.AlertState;
import dev.tally.sink.alerts.AlertOutcome;
import dev.tally.sink.delivery.DeadLetters;
import dev.tally.sink.delivery.LedgerTopic;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * The records of the two transactions of an alert: who is to be told of it, with the offset of the alert, before anybody is; and each outcome with
 * its dead letter. The first makes the ledger the list of what is to be done, so offsets never wait for an endpoint.
 */
final class AlertLedger {
    private final LedgerTopic<AlertLedgerEntry> ledger;
    private final String deadLetters;

    AlertLedger(LedgerTopic<AlertLedgerEntry> ledger, String deadLetters) {
        this.ledger = ledger;
        this.deadLetters = deadLetters;
    }

    List<ProducerRecord<byte[], byte[]>> records(AlertBatch batch, Instant now) {
        List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
        for (Waiting one : batch.fresh()) {
            records.add(record(
                    one,
                    entry(one, AlertState.PENDING, one.catalogueOffset(), now)
                            .setAlert(ByteBuffer.wrap(
                                    Objects.requireNonNull(one.origin().value(), "alert")))
                            .build()));
        }
        batch.settled().forEach(settled -> add(settled, now, records));
        for (AlertBatch.Unreadable bad : batch.unreadable()) {
            records.add(DeadLetters.of(deadLetters, bad.origin(), bad.reason(), bad.detail()));
        }
        return records;
    }

    private void add(SettledAlert settled, Instant now, List<ProducerRecord<byte[], byte[]>> to) {
        Waiting one = settled.waiting();
        switch (settled.outcome()) {
            case AlertOutcome.Delivered() ->
                to.add(record(
                        one,
                        entry(one, AlertState.DELIVERED, settled.catalogueOffset(), now)
                                .build()));
            case AlertOutcome.Dead(String reason, String detail) -> {
                to.add(record(
                        one,
                        entry(one, AlertState.DEAD, settled.catalogueOffset(), now)
                                .setReason(reason)
                                .build()));
                ProducerRecord<byte[], byte[]> letter = DeadLetters.of(deadLetters, one.origin(), reason, detail);
                letter.headers()
                        .add("tally.channel", utf8(one.recipient().channel().code()))
                        .add("tally.address", utf8(one.recipient().address()));
                to.add(letter);
            }
        }
    }

    private static AlertLedgerEntry.Builder entry(Waiting one, AlertState state, long catalogueOffset, Instant now) {
        return AlertLedgerEntry.newBuilder()
                .setAlertId(one.alertId())
                .setSubject(one.subject())
                .setChannel(
                        switch (one.recipient().channel()) {
                            case WEBHOOK -> AlertChannel.WEBHOOK;
                            case MAIL -> AlertChannel.MAIL;
                        })
                .setAddress(one.recipient().address())
                .setState(state)
                .setAlertOffset(one.origin().offset())
                .setAppendedAt(one.origin().appendedAt())
                .setCatalogueOffset(catalogueOffset)
                .setAt(now);
    }

    private ProducerRecord<byte[], byte[]> record(Waiting one, AlertLedgerEntry entry) {
        return ledger.record(one.origin().partition(), one.ledgerKey(), entry);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
