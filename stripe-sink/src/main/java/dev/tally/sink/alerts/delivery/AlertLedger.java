package dev.tally.sink.alerts.delivery;

import dev.tally.schemas.AlertChannel;
import dev.tally.schemas.AlertLedgerEntry;
import dev.tally.schemas.AlertState;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.sink.alerts.AlertOutcome;
import dev.tally.sink.delivery.CrashPoints;
import dev.tally.sink.delivery.DeadLetters;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;

/**
 * The two short transactions of an alert: who is to be told of it, with the offset of the alert, before anybody is; and each outcome with its dead
 * letter. The first makes the ledger the list of what is to be done, so offsets never wait for an endpoint. No transaction is open while one is
 * called.
 */
final class AlertLedger implements AutoCloseable {
    private final Producer<byte[], byte[]> producer;
    private final AlertTopics topics;
    private final RecordSerde<AlertLedgerEntry> serde;

    AlertLedger(Producer<byte[], byte[]> producer, AlertTopics topics, RecordSerde<AlertLedgerEntry> serde) {
        this.producer = producer;
        this.topics = topics;
        this.serde = serde;
    }

    /** Fences an earlier producer of the same transactional id; settles the schema first, so that no transaction waits for it. */
    void open() {
        serde.prepare(topics.ledger());
        producer.initTransactions();
    }

    /** Returns false, and has written nothing, when the group has changed since the alerts were read. */
    boolean writeIntake(AlertIntake intake, ConsumerGroupMetadata group, Instant now) {
        producer.beginTransaction();
        for (Waiting one : intake.fresh()) {
            send(
                    one,
                    entry(one, AlertState.PENDING, one.catalogueOffset(), now)
                            .setAlert(ByteBuffer.wrap(
                                    Objects.requireNonNull(one.origin().value(), "alert")))
                            .build());
        }
        intake.settled().forEach(settled -> send(settled, now));
        for (AlertIntake.Unreadable bad : intake.unreadable()) {
            send(DeadLetters.of(topics.deadLetters(), bad.origin(), bad.reason(), bad.detail()));
        }
        try {
            producer.sendOffsetsToTransaction(intake.offsets(), group);
            producer.commitTransaction();
            return true;
        } catch (CommitFailedException groupChanged) {
            producer.abortTransaction();
            return false;
        }
    }

    void writeOutcomes(List<SettledAlert> outcomes, Instant now, CrashPoints crashPoints) {
        producer.beginTransaction();
        outcomes.forEach(settled -> send(settled, now));
        crashPoints.reached(CrashPoints.Point.OUTCOMES_WRITTEN);
        producer.commitTransaction();
    }

    private void send(SettledAlert settled, Instant now) {
        Waiting one = settled.waiting();
        switch (settled.outcome()) {
            case AlertOutcome.Delivered() ->
                send(
                        one,
                        entry(one, AlertState.DELIVERED, settled.catalogueOffset(), now)
                                .build());
            case AlertOutcome.Dead(String reason, String detail) -> {
                send(
                        one,
                        entry(one, AlertState.DEAD, settled.catalogueOffset(), now)
                                .setReason(reason)
                                .build());
                ProducerRecord<byte[], byte[]> letter =
                        DeadLetters.of(topics.deadLetters(), one.origin(), reason, detail);
                letter.headers()
                        .add("tally.channel", utf8(one.recipient().channel().code()))
                        .add("tally.address", utf8(one.recipient().address()));
                send(letter);
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

    private void send(Waiting one, AlertLedgerEntry entry) {
        RecordHeaders headers = new RecordHeaders();
        byte[] value = serde.serializer().serialize(topics.ledger(), headers, entry);
        send(new ProducerRecord<>(topics.ledger(), one.origin().partition(), utf8(one.ledgerKey()), value, headers));
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
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
