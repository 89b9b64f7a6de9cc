package dev.tally.streams.app;

import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.topics.Installation;
import dev.tally.schemas.topics.TopicReader;
import dev.tally.schemas.topics.Topics;
import dev.tally.streams.app.CatalogueCatchUp.SubjectLogRecords;
import dev.tally.streams.state.CatalogueKind;
import dev.tally.streams.state.CatalogueRecords;
import dev.tally.streams.state.Replayed;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells an application whose state was given up what it has said before to those who act on it once: which facts were billed, and how
 * many seats were told. The accounts stage has no other input than its log, so they come to it there, before any usage: first the
 * catalogue, with each of its changes, then the facts, then the seats.
 *
 * <p>Whoever comes to it twice, because a process died on the way or two began together, does no harm: what is known changes nothing.
 */
final class EarlierOutputs {

    private static final Logger log = LoggerFactory.getLogger(EarlierOutputs.class);

    private final Map<String, Object> client;
    private final Topics topics;
    private final CatalogueRecords records;
    private final SubjectLogRecords subjectLogRecords;
    private final TopicReader reader;
    private final int resets;
    private boolean told;

    /**
     * @param resets how many times state was given up; after the first the intake's copy of the catalogue is complete then, so nobody else brings the
     *     catalogue to the accounts stage before any usage, and facts could be emitted without a customer
     */
    EarlierOutputs(
            Map<String, Object> client,
            Topics topics,
            RecordSerdes serdes,
            SubjectLogRecords subjectLogRecords,
            int resets) {
        this.client = Map.copyOf(client);
        this.topics = topics;
        this.records = new CatalogueRecords(serdes);
        this.subjectLogRecords = subjectLogRecords;
        this.reader = new TopicReader(client);
        this.resets = resets;
    }

    /**
     * Whether state was given up and nobody has told all of it since.
     *
     * @throws KafkaException when the brokers cannot be asked
     */
    boolean areToBeTold() {
        return !told && resets > 0 && Installation.isToBeTold(client, topics, resets);
    }

    /**
     * Writes all of it to the subject log, if there is anything; once.
     *
     * @throws KafkaException when the brokers cannot be asked, or a process that died has left a transaction open: facts of others may lie
     *     behind it; may be tried again
     */
    void tell() {
        if (told) {
            return;
        }
        for (String topic : List.of(topics.billableUsage(), topics.seatChanges())) {
            if (reader.hasOpenTransaction(topic)) {
                throw new KafkaException("a transaction in " + topic + " is still open; brokers abort it after its"
                        + " transaction.timeout.ms");
            }
        }
        if (resets > 0 || isThereAny(topics.billableUsage()) || isThereAny(topics.seatChanges())) {
            try (Sending sending = Sending.with(client)) {
                for (CatalogueKind kind : CatalogueKind.values()) {
                    String topic = kind.topic(topics);
                    reader.readAll(
                            topic, record -> catalogue(kind, topic, record).forEach(sending::send));
                }
                // In one connection a partition's records keep their order: the catalogue is there before them.
                reader.readAll(topics.billableUsage(), record -> sending.send(same(record)));
                reader.readAll(topics.seatChanges(), record -> sending.send(same(record)));
                long sent = sending.finish();
                log.atInfo().addKeyValue("records", sent).log("Told what was billed before the state was given up");
            }
        }
        if (resets > 0) {
            Installation.noteTold(client, topics, resets);
        }
        told = true;
    }

    private boolean isThereAny(String topic) {
        Map<Integer, Long> beginnings = reader.beginnings(topic);
        return reader.ends(topic).entrySet().stream()
                .anyMatch(end -> end.getValue() > beginnings.getOrDefault(end.getKey(), 0L));
    }

    private List<ProducerRecord<byte[], byte[]>> catalogue(
            CatalogueKind kind, String topic, ConsumerRecord<byte[], byte[]> record) {
        String key = record.key() == null ? "" : new String(record.key(), StandardCharsets.UTF_8);
        return switch (records.read(kind, topic, record.headers(), key, record.value())) {
            case CatalogueRecords.Reading.Valid valid -> replayed(kind, key, valid.record(), record.timestamp());
            case CatalogueRecords.Reading.Removed ignored -> replayed(kind, key, null, record.timestamp());
            case CatalogueRecords.Reading.Refused ignored -> List.of();
        };
    }

    private List<ProducerRecord<byte[], byte[]>> replayed(
            CatalogueKind kind, String key, @Nullable SpecificRecord record, long publishedAt) {
        List<ProducerRecord<byte[], byte[]>> replayed = subjectLogRecords.of(kind, key, record);
        replayed.forEach(one -> Replayed.mark(one.headers(), Instant.ofEpochMilli(publishedAt)));
        return replayed;
    }

    /** What concerns a subject lies in the same partition of each topic. */
    private ProducerRecord<byte[], byte[]> same(ConsumerRecord<byte[], byte[]> record) {
        return new ProducerRecord<>(topics.subjectLog(), record.partition(), record.key(), record.value());
    }
}
