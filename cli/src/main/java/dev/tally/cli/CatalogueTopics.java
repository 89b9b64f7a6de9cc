package dev.tally.cli;

import dev.tally.schemas.Grant;
import dev.tally.schemas.Membership;
import dev.tally.schemas.Meter;
import dev.tally.schemas.Plan;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.catalogue.Catalogue;
import dev.tally.schemas.serde.Decoded;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.topics.Topics;
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

/** The catalogue topics: what they hold, and what a file would change. */
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

    /** A record that differs from what its topic holds. */
    public record Change(String topic, String key, SpecificRecord record, boolean isNew) {}

    /** What the topics hold. */
    public Catalogue existing() {
        return new Catalogue(
                List.copyOf(latest(topics.meters(), Meter.class).values()),
                List.copyOf(latest(topics.plans(), Plan.class).values()),
                List.copyOf(latest(topics.subscriptions(), Subscription.class).values()),
                List.copyOf(latest(topics.grants(), Grant.class).values()),
                List.copyOf(latest(topics.memberships(), Membership.class).values()));
    }

    /** Records of a catalogue that the topics do not hold as they are, in an order in which nothing refers to what comes later. */
    public List<Change> changes(Catalogue wanted) {
        List<Change> changes = new ArrayList<>();
        Map<String, Meter> meters = latest(topics.meters(), Meter.class);
        wanted.meters().forEach(r -> add(changes, topics.meters(), Catalogue.key(r), r, meters));
        Map<String, Plan> plans = latest(topics.plans(), Plan.class);
        wanted.plans().forEach(r -> add(changes, topics.plans(), Catalogue.key(r), r, plans));
        Map<String, Membership> memberships = latest(topics.memberships(), Membership.class);
        wanted.memberships().forEach(r -> add(changes, topics.memberships(), Catalogue.key(r), r, memberships));
        Map<String, Grant> grants = latest(topics.grants(), Grant.class);
        wanted.grants().forEach(r -> add(changes, topics.grants(), Catalogue.key(r), r, grants));
        Map<String, Subscription> subscriptions = latest(topics.subscriptions(), Subscription.class);
        wanted.subscriptions().forEach(r -> add(changes, topics.subscriptions(), Catalogue.key(r), r, subscriptions));
        return changes;
    }

    private static <T extends SpecificRecord> void add(
            List<Change> changes, String topic, String key, T record, Map<String, T> held) {
        T before = held.get(key);
        if (!record.equals(before)) {
            changes.add(new Change(topic, key, record, before == null));
        }
    }

    /** Publishes changes, one after the other so that plans stand before what refers to them; the number published. */
    public int publish(List<Change> changes) {
        Map<String, Object> config = servers.client();
        config.put(ProducerConfig.ACKS_CONFIG, "all");
        config.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        try (Producer<byte[], byte[]> producer =
                new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer())) {
            List<Future<?>> sent = new ArrayList<>();
            String topic = "";
            for (Change change : changes) {
                if (!change.topic().equals(topic)) {
                    await(sent);
                    topic = change.topic();
                }
                sent.add(producer.send(new ProducerRecord<>(
                        change.topic(),
                        change.key().getBytes(StandardCharsets.UTF_8),
                        bytes(change.topic(), change.record()))));
            }
            await(sent);
        }
        return changes.size();
    }

    private static void await(List<Future<?>> sent) {
        try {
            for (Future<?> future : sent) {
                future.get();
            }
            sent.clear();
        } catch (ExecutionException e) {
            throw new Exit(Exit.UNREACHABLE, "a record could not be sent: " + e.getCause());
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

    private <T extends SpecificRecord> Map<String, T> latest(String topic, Class<T> type) {
        RecordSerde<T> serde = serdes.of(type);
        Map<String, T> latest = new LinkedHashMap<>();
        servers.reader().readAll(topic, record -> {
            String key = record.key() == null ? "" : new String(record.key(), StandardCharsets.UTF_8);
            switch (serde.decode(topic, record.headers(), record.value())) {
                case Decoded.Read<T> read -> latest.put(key, read.value());
                case Decoded.Refused<T> refused -> latest.remove(key);
            }
        });
        return latest;
    }
}
