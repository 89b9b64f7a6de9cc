package dev.tally.cli;

import dev.tally.schemas.Grant;
import dev.tally.schemas.Membership;
import dev.tally.schemas.Meter;
import dev.tally.schemas.Plan;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.catalogue.Catalogue;
import dev.tally.schemas.catalogue.CatalogueDiff;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.topics.TopicReader;
import dev.tally.schemas.topics.Topics;
import dev.tally.streams.state.CatalogueKind;
import dev.tally.streams.state.CatalogueRecords;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** The catalogue topics: what they hold, and how a file gets there. */
public final class CatalogueTopics {

    private final Servers servers;
    private final RecordSerdes serdes;
    private final Topics topics;

    /** The catalogue topics of a cluster. */
    public CatalogueTopics(Servers servers, RecordSerdes serdes, Topics topics) {
        this.servers = servers;
        this.serdes = serdes;
        this.topics = topics;
    }

    /** What the topics put in force: like streams-app, what breaks the rules is passed over and leaves what was there before. */
    public Catalogue existing() {
        CatalogueRecords records = new CatalogueRecords(serdes);
        TopicReader reader = servers.reader();
        return new Catalogue(
                latest(reader, records, topics.meters(), CatalogueKind.METER, Meter.class),
                latest(reader, records, topics.plans(), CatalogueKind.PLAN, Plan.class),
                latest(reader, records, topics.subscriptions(), CatalogueKind.SUBSCRIPTION, Subscription.class),
                latest(reader, records, topics.grants(), CatalogueKind.GRANT, Grant.class),
                latest(reader, records, topics.memberships(), CatalogueKind.MEMBERSHIP, Membership.class));
    }

    /** Records of a catalogue that the topics do not hold as they are, in an order in which nothing refers to what comes later. */
    public List<CatalogueDiff.Entry> changes(Catalogue wanted) {
        return CatalogueDiff.between(wanted, existing()).toPublish();
    }

    /** Publishes changes, one after the other so that plans stand before what refers to them; the number published. */
    public int publish(List<CatalogueDiff.Entry> changes) {
        Map<String, Object> config = servers.client();
        config.put(ProducerConfig.ACKS_CONFIG, "all");
        config.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        int published = 0;
        try (Producer<byte[], byte[]> producer =
                new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer())) {
            List<Future<?>> sent = new ArrayList<>();
            String list = "";
            for (CatalogueDiff.Entry change : changes) {
                if (!change.list().equals(list)) {
                    published += await(sent, published);
                    list = change.list();
                }
                change.toPublish().ifPresent(record -> sent.add(producer.send(record(change, record))));
            }
            published += await(sent, published);
        }
        return published;
    }

    private ProducerRecord<byte[], byte[]> record(CatalogueDiff.Entry change, SpecificRecord record) {
        String topic = topics.prefix() + change.list();
        return new ProducerRecord<>(topic, change.key().getBytes(StandardCharsets.UTF_8), bytes(topic, record));
    }

    /** @param before how many were published before these */
    private static int await(List<Future<?>> sent, int before) {
        int done = 0;
        try {
            for (Future<?> future : sent) {
                future.get();
                done++;
            }
            sent.clear();
            return done;
        } catch (ExecutionException e) {
            throw new Exit(
                    Exit.UNREACHABLE,
                    "a record could not be sent: " + e.getCause() + "; " + (before + done)
                            + " were published, applying the file again publishes the rest");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Exit(Exit.UNREACHABLE, "interrupted");
        }
    }

    @SuppressWarnings("unchecked")
    private <T extends SpecificRecord> byte[] bytes(String topic, T record) {
        RecordSerde<T> serde = serdes.of((Class<T>) record.getClass());
        return serde.serializer().serialize(topic, record);
    }

    private static <T extends SpecificRecord> List<T> latest(
            TopicReader reader, CatalogueRecords records, String topic, CatalogueKind kind, Class<T> type) {
        Map<String, T> latest = new LinkedHashMap<>();
        reader.readAll(topic, record -> {
            String key = record.key() == null ? "" : new String(record.key(), StandardCharsets.UTF_8);
            switch (records.read(kind, topic, record.headers(), key, record.value())) {
                case CatalogueRecords.Reading.Valid valid -> latest.put(key, type.cast(valid.record()));
                case CatalogueRecords.Reading.Removed ignored -> latest.remove(key);
                case CatalogueRecords.Reading.Refused refused ->
                    System.err.println("tally: " + topic + " has a record that is not in force: "
                            + refused.why().detail());
            }
        });
        return List.copyOf(latest.values());
    }
}
