package dev.tally.streams.app;

import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.topics.Topics;
import dev.tally.streams.state.CatalogueKind;
import dev.tally.streams.state.CatalogueRecords;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
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
 * processes anything, so it is enough that the copy is complete by then. Where other instances run, their catalogue stage keeps it so,
 * and nothing is done: two writers could put an older record over a newer one.
 */
final class CatalogueCatchUp {

    private static final Logger log = LoggerFactory.getLogger(CatalogueCatchUp.class);

    private final Map<String, Object> client;
    private final Topics topics;
    private final CatalogueRecords records;

    CatalogueCatchUp(Map<String, Object> client, Topics topics, RecordSerdes serdes) {
        this.client = Map.copyOf(client);
        this.topics = topics;
        this.records = new CatalogueRecords(serdes);
    }

    /** @throws KafkaException when the brokers cannot be asked; may be tried again */
    void run(Admin admin, String applicationId) {
        if (isRunning(admin, applicationId)) {
            return;
        }
        Map<Bytes, byte[]> copy = new HashMap<>();
        readAll(topics.catalogueInForce(), record -> put(copy, Bytes.wrap(record.key()), record.value()));
        Map<Bytes, byte[]> inForce = inForce();
        Map<String, Object> config = new HashMap<>(client);
        config.put(ProducerConfig.ACKS_CONFIG, "all");
        int sent = 0;
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer())) {
            for (Map.Entry<Bytes, byte[]> entry : inForce.entrySet()) {
                if (!Arrays.equals(entry.getValue(), copy.get(entry.getKey()))) {
                    send(producer, entry.getKey(), entry.getValue());
                    sent++;
                }
            }
            for (Bytes key : copy.keySet()) {
                if (!inForce.containsKey(key)) {
                    send(producer, key, null);
                    sent++;
                }
            }
        }
        if (sent > 0) {
            log.atInfo().addKeyValue("records", sent).log("The intake's copy of the catalogue was behind");
        }
    }

    /** What the catalogue stage would have put in force: it leaves a refused record's predecessor as it is. */
    private Map<Bytes, byte[]> inForce() {
        Map<Bytes, byte[]> inForce = new HashMap<>();
        CatalogueKind.byTopic(topics).forEach((topic, kind) -> {
            if (kind.isNeededByIntake()) {
                readAll(topic, record -> {
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

    private void readAll(String topic, Consumer<ConsumerRecord<byte[], byte[]>> sink) {
        Map<String, Object> config = new HashMap<>(client);
        config.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        config.remove(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG);
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
                    .map(info -> new TopicPartition(topic, info.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                consumer.poll(Duration.ofMillis(200)).forEach(sink);
            }
        }
    }
}
