package dev.tally.sink.delivery;

import dev.tally.keys.Keys;
import dev.tally.schemas.LedgerEntry;
import dev.tally.schemas.LedgerState;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.sink.reporting.Fact;
import dev.tally.sink.reporting.Known;
import dev.tally.sink.reporting.Replay;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;

/** Requests to note in the ledger that Stripe's sums hold a fact that it took into its stream, as records: the entry as it is to be. */
public final class ConfirmRequests {
    private static final String CONFIRM = "tally.confirm";

    private ConfirmRequests() {}

    /**
     * The record that asks for it.
     *
     * @param partition of the fact
     * @param replays how often it was replayed when it was found in the sums
     */
    public static ProducerRecord<byte[], byte[]> of(
            String topic, RecordSerde<LedgerEntry> serde, int partition, Fact fact, int replays, Instant now) {
        LedgerEntry entry = LedgerEntries.entry(
                        fact, LedgerState.ACCEPTED, now, 0, now, new Replay(replays, null, null))
                .build();
        RecordHeaders headers = new RecordHeaders();
        headers.add(CONFIRM, "sums".getBytes(StandardCharsets.UTF_8));
        byte[] value = serde.serializer().serialize(topic, headers, entry);
        return new ProducerRecord<>(topic, partition, Keys.ledger(fact.identifier()), value, headers);
    }

    static boolean isOne(ConsumerRecord<byte[], byte[]> record) {
        return record.headers().lastHeader(CONFIRM) != null;
    }

    /** Whether the ledger still has the very delivery that was found, and has it as unconfirmed. */
    static boolean isAbout(LedgerEntry found, Known known) {
        return known.state() == Known.State.UNCONFIRMED
                && known.amount() == found.getAmount()
                && known.replay().number() == found.getReplays();
    }

    static Fact fact(LedgerEntry found, Known known) {
        return new Fact(
                found.getIdentifier(),
                found.getPayer(),
                found.getStripeCustomerId(),
                found.getEventName(),
                found.getAmount(),
                known.timestamp(),
                false);
    }
}
