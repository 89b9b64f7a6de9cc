package dev.tally.streams.app;

import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.topics.TopicReader;
import dev.tally.schemas.topics.Topics;
import dev.tally.streams.state.CatalogueKind;
import dev.tally.streams.state.CatalogueRecords;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.Bytes;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings the intake's copy of the catalogue up to date before the intake starts.
 *
 * <p>The copy is written by the catalogue stage of the same application, so after a first start, or one after a long time, actions could be
 * read before the meters that count them; what is then counted for nothing no re-send can repair. Kafka Streams reads the copy to its end before it
 * processes anything, so it is enough that the copy is complete by then. While the group has members, their catalogue stage completes
 * it, and this only waits: two writers could put an older record over a newer one. Members that have died leave the group after their
 * session time-out.
 */
final class CatalogueCatchUp {

    private static final Logger log = LoggerFactory.getLogger(CatalogueCatchUp.class);

    private final Map<String, Object> client;
    private final Topics topics;
    private final CatalogueRecords records;
    private final TopicReader reader;

    CatalogueCatchUp(Map<String, Object> client, Topics topics, RecordSerdes serdes) {
        this.client = Map.copyOf(client);
        this.topics = topics;
        this.records = new CatalogueRecords(serdes);
        this.reader = new TopicReader(client);
    }

    /**
     * Compares the copy with the catalogue, and completes it if nobody else does.
     *
     * @return whether the copy is complete; otherwise to be asked again
     * @throws KafkaException when the brokers cannot be asked; may be tried again
     */
    boolean run(Admin admin, String applicationId) {
        boolean othersWrite = isRunning(admin, applicationId);
        Map<Bytes, byte[]> copy = new HashMap<>();
        reader.readAll(topics.catalogueInForce(), record -> put(copy, Bytes.wrap(record.key()), record.value()));
        Map<Bytes, byte @Nullable []> behind = behind(copy, inForce());
        if (behind.isEmpty()) {
            return true;
        }
        if (othersWrite) {
            return false;
        }
        Map<String, Object> config = new HashMap<>(client);
        config.put(ProducerConfig.ACKS_CONFIG, "all");
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer())) {
            behind.forEach((key, value) -> send(producer, key, value));
        }
        log.atInfo().addKeyValue("records", behind.size()).log("The intake's copy of the catalogue was behind");
        return true;
    }

    /** What must be written to the copy; null where a record must be removed. */
    private static Map<Bytes, byte @Nullable []> behind(Map<Bytes, byte[]> copy, Map<Bytes, byte[]> inForce) {
        Map<Bytes, byte @Nullable []> behind = new HashMap<>();
        inForce.forEach((key, value) -> {
            if (!Arrays.equals(value, copy.get(key))) {
                behind.put(key, value);
            }
        });
        for (Bytes key : copy.keySet()) {
            if (!inForce.containsKey(key)) {
                behind.put(key, null);
            }
        }
        return behind;
    }

    /** What the catalogue stage would have put in force: it leaves a refused record's predecessor as it is. */
    private Map<Bytes, byte[]> inForce() {
        Map<Bytes, byte[]> inForce = new HashMap<>();
        CatalogueKind.byTopic(topics).forEach((topic, kind) -> {
            if (kind.isNeededByIntake()) {
                reader.readAll(topic, record -> {
                    String key = record.key() == null ? "" : new String(record.key(), StandardCharsets.UTF_8);
                    switch (records.read(kind, topic, record.headers(), key, record.value())) {
                        case CatalogueRecords.Reading.Valid ignored -> put(inForce, kind.storeKey(key), record.value());
                        case CatalogueRecords.Reading.Removed ignored -> put(inForce, kind.storeKey(key), null);
                        case CatalogueRecords.Reading.Refused refused ->
                            log.atDebug()
                                    .addKeyValue("reason", refused.why().reason())
                                    .log("Not in force");
                    }
                });
            }
        });
        return inForce;
    }

    private static void put(Map<Bytes, byte[]> map, Bytes key, byte @Nullable [] value) {
        if (value == null) {
            map.remove(key);
        } else {
            map.put(key, value);
        }
    }

    private void send(KafkaProducer<byte[], byte[]> producer, Bytes key, byte @Nullable [] value) {
        try {
            producer.send(new ProducerRecord<>(topics.catalogueInForce(), key.get(), value))
                    .get();
        } catch (ExecutionException e) {
            throw new KafkaException("the intake's copy of the catalogue cannot be written", e.getCause());
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }

    private static boolean isRunning(Admin admin, String applicationId) {
        try {
            ConsumerGroupDescription group = admin.describeConsumerGroups(List.of(applicationId))
                    .all()
                    .get()
                    .get(applicationId);
            return group != null && !group.members().isEmpty();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof GroupIdNotFoundException) {
                return false;
            }
            throw new KafkaException("the application's group cannot be described", e.getCause());
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }
}
