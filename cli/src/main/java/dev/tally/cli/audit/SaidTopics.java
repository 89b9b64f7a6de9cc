package dev.tally.cli.audit;

import dev.tally.schemas.BillableFact;
import dev.tally.schemas.LedgerEntry;
import dev.tally.schemas.QuotaAlert;
import dev.tally.schemas.UsageSnapshot;
import dev.tally.schemas.serde.Decoded;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.topics.Topics;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** What Tally's topics say. */
public final class SaidTopics {

    private final Cluster cluster;
    private final RecordSerdes serdes;
    private final Topics topics;
    private final List<Difference> differences = new ArrayList<>();

    /** The topics of a cluster; nothing is read yet. */
    public SaidTopics(Cluster cluster, RecordSerdes serdes, Topics topics) {
        this.cluster = cluster;
        this.serdes = serdes;
        this.topics = topics;
    }

    /** What could not be read of what was read. */
    public List<Difference> differences() {
        return List.copyOf(differences);
    }

    /** The latest snapshot of each window. */
    public Map<WindowId, SaidWindow> usage() {
        Map<WindowId, SaidWindow> usage = new HashMap<>();
        read(topics.usage(), UsageSnapshot.class, (record, said) -> {
            Place place = Place.of(record);
            WindowId window = new WindowId(said.getSubject(), said.getMeter(), said.getWindow(), said.getWindowStart());
            if (!window.toString().equals(key(record))) {
                differences.add(Difference.of(place + ": is of " + window + ", and its key is " + key(record)));
            }
            usage.put(
                    window,
                    new SaidWindow(
                            window, said.getUsed(), said.getLimitUsed(), said.getLimit(), "usage (" + place + ")"));
        });
        return usage;
    }

    /** All alerts, each partition in its order. */
    public List<SaidAlert> alerts() {
        List<SaidAlert> alerts = new ArrayList<>();
        read(
                topics.quotaAlerts(),
                QuotaAlert.class,
                (record, said) -> alerts.add(new SaidAlert(said, Place.of(record))));
        return alerts;
    }

    /** All billable facts, each partition in its order. */
    public List<SaidFact> facts() {
        List<SaidFact> facts = new ArrayList<>();
        read(
                topics.billableUsage(),
                BillableFact.class,
                (record, said) -> facts.add(new SaidFact(said, Place.of(record))));
        return facts;
    }

    /** The ledger. */
    public Ledger ledger() {
        Ledger ledger = new Ledger();
        read(topics.stripeLedger(), LedgerEntry.class, (record, said) -> {
            SaidEntry entry = new SaidEntry(said, Place.of(record));
            if (!Arrays.equals(entry.key(), record.key())) {
                differences.add(Difference.of(
                        Place.of(record) + ": is of " + said.getIdentifier() + ", and its key is " + key(record)));
            }
            ledger.add(entry);
        });
        return ledger;
    }

    private static String key(ConsumerRecord<byte[], byte[]> record) {
        return record.key() == null ? "" : new String(record.key(), StandardCharsets.UTF_8);
    }

    private <T extends SpecificRecord> void read(
            String topic, Class<T> type, BiConsumer<ConsumerRecord<byte[], byte[]>, T> sink) {
        RecordSerde<T> serde = serdes.of(type);
        cluster.readAll(topic, record -> {
            switch (serde.decode(topic, record.headers(), record.value())) {
                case Decoded.Read<T> read -> sink.accept(record, read.value());
                case Decoded.Refused<T> refused ->
                    differences.add(Difference.of(Place.of(record) + ": cannot be read ("
                            + refused.reason().code() + ")"));
            }
        });
    }
}
