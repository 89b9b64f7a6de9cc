package dev.tally.streams.app;

import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.topics.TopicReader;
import dev.tally.schemas.topics.Topics;
import dev.tally.streams.state.CatalogueKind;
import dev.tally.streams.state.CatalogueRecords;
import dev.tally.streams.state.ReplacedRecords;
import dev.tally.streams.state.StoreKey;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.utils.Bytes;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings the intake's copy of the catalogue up to date before the intake starts.
 *
 * <p>What comes to the copy comes to the subject log before it, as in the catalogue stage: what the intake sums by a plan is then never
 * applied before the accounts stage knows that plan, whose alerts would come late or not at all.
 *
 * <p>The copy is written by the catalogue stage of the same application, so after a first start, or one after a long time, actions could be
 * read before the meters that count them; what is then counted for nothing no re-send can repair. Kafka Streams reads the copy to its end before it
 * processes anything, so it is enough that the copy is complete by then. While the group has members, their catalogue stage completes
 * it, and this only waits until it has got as far as the topics reached when it was first asked. Members that have died leave the group
 * after their session time-out.
 */
final class CatalogueCatchUp {

    private static final Logger log = LoggerFactory.getLogger(CatalogueCatchUp.class);

    private final Map<String, Object> client;
    private final Topics topics;
    private final CatalogueRecords records;
    private final SubjectLogRecords subjectLogRecords;
    private final TopicReader reader;
    private final Map<String, CatalogueKind> kinds;
    private final ReplacedRecords replaced;
    private final Map<TopicPartition, Long> ends = new HashMap<>();
    private final Set<Bytes> mine = new HashSet<>();

    /** What a catalogue record, or its removal where it is null, brings to the subject log. */
    interface SubjectLogRecords {
        List<ProducerRecord<byte[], byte[]>> of(CatalogueKind kind, String key, @Nullable SpecificRecord record);
    }

    /** A record of the intake's copy, as written and as read. */
    @SuppressWarnings("ArrayRecordComponent") // never compared as a whole, and never changed
    private record InForce(byte[] value, SpecificRecord record) {}

    CatalogueCatchUp(
            Map<String, Object> client,
            Topics topics,
            RecordSerdes serdes,
            SubjectLogRecords subjectLogRecords,
            ReplacedRecords replaced) {
        this.client = Map.copyOf(client);
        this.topics = topics;
        this.records = new CatalogueRecords(serdes);
        this.subjectLogRecords = subjectLogRecords;
        this.reader = new TopicReader(client);
        this.kinds = CatalogueKind.byTopic(topics);
        this.replaced = replaced;
    }

    /**
     * Completes the copy, if nobody else does.
     *
     * @return whether the copy is complete; otherwise to be asked again
     * @throws KafkaException when the brokers cannot be asked; may be tried again
     */
    boolean run(Admin admin, String applicationId) {
        if (ends.isEmpty()) {
            for (String topic : kinds.keySet()) {
                reader.ends(topic).forEach((partition, end) -> ends.put(new TopicPartition(topic, partition), end));
            }
        }
        Map<Bytes, InForce> inForce = inForce();
        if (mine.isEmpty() && GroupMembers.count(admin, applicationId) > 0) {
            return othersHaveCompletedIt(admin, applicationId);
        }
        Map<Bytes, @Nullable InForce> behind = behind(copy(), inForce);
        // Once others have joined, only what was written here, and may have come after theirs, is put right.
        if (GroupMembers.count(admin, applicationId) > 0) {
            behind.keySet().retainAll(mine);
        }
        if (behind.isEmpty()) {
            return true;
        }
        mine.addAll(behind.keySet());
        try (Sending sending = Sending.with(client)) {
            behind.forEach((key, now) -> toLog(key, now).forEach(sending::send));
            sending.finish();
            behind.forEach((key, now) -> sending.send(
                    new ProducerRecord<>(topics.catalogueInForce(), key.get(), now == null ? null : now.value())));
            sending.finish();
        }
        log.atInfo().addKeyValue("records", behind.size()).log("The intake's copy of the catalogue was behind");
        return false;
    }

    private Map<Bytes, byte[]> copy() {
        Map<Bytes, byte[]> copy = new HashMap<>();
        reader.readAll(topics.catalogueInForce(), record -> put(copy, Bytes.wrap(record.key()), record.value()));
        return copy;
    }

    private boolean othersHaveCompletedIt(Admin admin, String applicationId) {
        try {
            Map<TopicPartition, OffsetAndMetadata> read = admin.listConsumerGroupOffsets(applicationId)
                    .partitionsToOffsetAndMetadata()
                    .get();
            return ends.entrySet().stream().allMatch(end -> {
                OffsetAndMetadata position = read.get(end.getKey());
                return end.getValue() == 0 || (position != null && position.offset() >= end.getValue());
            });
        } catch (ExecutionException e) {
            throw new KafkaException("the positions of the application's group cannot be read", e.getCause());
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }

    private List<ProducerRecord<byte[], byte[]>> toLog(Bytes storeKey, @Nullable InForce now) {
        StoreKey.Reader reader = new StoreKey.Reader(storeKey);
        CatalogueKind kind = CatalogueKind.ofTag(reader.tag());
        return subjectLogRecords.of(kind, reader.text(), now == null ? null : now.record());
    }

    /** What must be written to the copy; null where a record must be removed. */
    private static Map<Bytes, @Nullable InForce> behind(Map<Bytes, byte[]> copy, Map<Bytes, InForce> inForce) {
        Map<Bytes, @Nullable InForce> behind = new HashMap<>();
        inForce.forEach((key, now) -> {
            if (!Arrays.equals(now.value(), copy.get(key))) {
                behind.put(key, now);
            }
        });
        for (Bytes key : copy.keySet()) {
            if (!inForce.containsKey(key)) {
                behind.put(key, null);
            }
        }
        return behind;
    }

    /** What the catalogue stage puts in force in the end: it leaves a refused record's predecessor as it is. */
    private Map<Bytes, InForce> inForce() {
        Map<Bytes, InForce> inForce = new HashMap<>();
        kinds.forEach((topic, kind) -> reader.readAll(topic, record -> {
            byte[] keyBytes = record.key() == null ? new byte[0] : record.key();
            String key = new String(keyBytes, StandardCharsets.UTF_8);
            switch (records.read(kind, topic, record.headers(), key, record.value())) {
                case CatalogueRecords.Reading.Valid valid -> {
                    replaced.note(topic, record.partition(), record.offset(), keyBytes);
                    inForce.put(kind.storeKey(key), new InForce(record.value(), valid.record()));
                }
                case CatalogueRecords.Reading.Removed ignored -> {
                    replaced.note(topic, record.partition(), record.offset(), keyBytes);
                    inForce.remove(kind.storeKey(key));
                }
                case CatalogueRecords.Reading.Refused refused ->
                    log.atDebug().addKeyValue("reason", refused.why().reason()).log("Not in force");
            }
        }));
        inForce.keySet()
                .removeIf(key ->
                        !CatalogueKind.ofTag(new StoreKey.Reader(key).tag()).isNeededByIntake());
        return inForce;
    }

    private static void put(Map<Bytes, byte[]> map, Bytes key, byte @Nullable [] value) {
        if (value == null) {
            map.remove(key);
        } else {
            map.put(key, value);
        }
    }
}
