package dev.tally.cli.oracle;

import dev.tally.schemas.LedgerEntry;
import dev.tally.schemas.serde.Decoded;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.sink.delivery.DeliveryTopics;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What the sink has committed about facts.
 *
 * @param ledger in order by partition
 * @param deadLetters how many, by reason
 */
record Written(List<LedgerEntry> ledger, Map<String, Integer> deadLetters) {
    static Written read(Stage stage, DeliveryTopics topics) {
        RecordSerde<LedgerEntry> serde = stage.serdes().of(LedgerEntry.class);
        List<LedgerEntry> ledger = new ArrayList<>();
        stage.broker().committedRecords(topics.ledger(), record -> {
            if (serde.decode(record.topic(), record.headers(), record.value())
                    instanceof Decoded.Read<LedgerEntry>(LedgerEntry entry)) {
                ledger.add(entry);
            }
        });
        Map<String, Integer> deadLetters = new TreeMap<>();
        stage.broker()
                .committedRecords(
                        topics.deadLetters(),
                        record -> deadLetters.merge(
                                OracleBroker.text(record.headers()
                                        .lastHeader("tally.reason")
                                        .value()),
                                1,
                                Integer::sum));
        return new Written(ledger, deadLetters);
    }
}
