package dev.tally.bench.measure;

import dev.tally.bench.stack.BenchStack;
import dev.tally.bench.stack.Cluster;
import dev.tally.bench.workload.ActionEncoder;
import dev.tally.bench.workload.BenchAction;
import dev.tally.bench.workload.Expected;
import dev.tally.bench.workload.Garbage;
import dev.tally.bench.workload.GarbageEncoder;
import dev.tally.bench.workload.Workload;
import dev.tally.cli.CatalogueTopics;
import dev.tally.cli.Servers;
import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.catalogue.Catalogue;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.topics.Topics;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/**
 * Where runs take place: the servers, and a workload that lies in the topic of the actions already.
 *
 * @param schemaId of the actions
 * @param warmUp records at the beginning of the topic whose time and CPU are not counted
 * @param heldBack records of the workload's end that are published later than the others
 * @param deadLetters garbage among the workload, by the reason why it is refused
 */
public record Bed(
        BenchStack stack,
        Cluster cluster,
        Workload workload,
        Expected expected,
        int schemaId,
        int warmUp,
        int heldBack,
        Map<String, Long> deadLetters) {

    /** Prefix of the topics. */
    public static final String PREFIX = "bench.";

    private static final int SCHEMA_ID_AT = 1;

    /** Tally's topics in a bench. */
    public static Topics topics(int partitions) {
        return new Topics(PREFIX, partitions, partitions);
    }

    public Bed {
        deadLetters = Map.copyOf(deadLetters);
    }

    /** Publishes a workload to a fresh topic. */
    public static Bed publish(BenchStack stack, Cluster cluster, Workload workload, int warmUp) {
        Bed bed = empty(stack, cluster, workload, warmUp, 0, Map.of());
        bed.publish(0, bed.records());
        return bed;
    }

    /** Fresh topics for a workload; {@link #publishMost} and {@link #publishRest} fill them. */
    static Bed prepare(BenchStack stack, Cluster cluster, Workload workload, int heldBack) {
        return empty(stack, cluster, workload, 0, heldBack, Map.of());
    }

    /** Publishes what is not held back. */
    void publishMost() {
        publish(0, records() - heldBack);
    }

    /**
     * Publishes a workload to a fresh topic with garbage among it.
     *
     * @param positions records in all; as many of them as are not garbage are the workload
     */
    public static Bed flood(
            BenchStack stack, Cluster cluster, Workload workload, int warmUp, Garbage garbage, int positions) {
        Bed bed = empty(stack, cluster, workload, warmUp, 0, garbage.reasons(positions));
        String actions = cluster.topics().actions();
        ActionEncoder encoder = new ActionEncoder(bed.schemaId);
        GarbageEncoder spoiler = new GarbageEncoder(bed.schemaId, schema -> stack.register(actions + "-value", schema));
        try (Sender sender = new Sender(stack, 50)) {
            int next = 0;
            for (int i = 0; i < positions; i++) {
                Optional<Garbage.Kind> kind = garbage.at(i);
                BenchAction action =
                        workload.record(Math.min(next, workload.spec().records() - 1));
                byte @Nullable [] value =
                        kind.isPresent() ? spoiler.encode(kind.get(), action) : encoder.encode(action);
                next += kind.isPresent() ? 0 : 1;
                sender.send(actions, key(action), value);
            }
            if (next != workload.spec().records()) {
                throw new IllegalArgumentException(next + " records are not garbage, the workload has "
                        + workload.spec().records());
            }
        }
        return bed;
    }

    private static Bed empty(
            BenchStack stack,
            Cluster cluster,
            Workload workload,
            int warmUp,
            int heldBack,
            Map<String, Long> deadLetters) {
        Expected expected = Expected.of(workload);
        cluster.clear();
        cluster.create();
        int schemaId = schemaId(stack, cluster.topics(), workload.record(0));
        return new Bed(stack, cluster, workload, expected, schemaId, warmUp, heldBack, deadLetters);
    }

    /** Publishes what was held back. */
    void publishRest() {
        publish(records() - heldBack, records());
    }

    private void publish(int from, int to) {
        publish(to - from, i -> workload.record(from + i));
    }

    /** Publishes so many actions besides the workload. */
    void publish(int count, IntFunction<BenchAction> actions) {
        ActionEncoder encoder = new ActionEncoder(schemaId);
        try (Sender sender = new Sender(stack, 50)) {
            for (int i = 0; i < count; i++) {
                BenchAction action = actions.apply(i);
                sender.send(cluster.topics().actions(), key(action), encoder.encode(action));
            }
        }
    }

    private static byte[] key(BenchAction action) {
        return action.userId().getBytes(StandardCharsets.UTF_8);
    }

    static Producer<byte[], byte[]> producer(BenchStack stack, int lingerMillis) {
        return new KafkaProducer<>(
                Map.of(
                        ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                        stack.bootstrapServers(),
                        ProducerConfig.ACKS_CONFIG,
                        "all",
                        ProducerConfig.LINGER_MS_CONFIG,
                        lingerMillis,
                        ProducerConfig.BATCH_SIZE_CONFIG,
                        131_072,
                        ProducerConfig.COMPRESSION_TYPE_CONFIG,
                        "lz4"),
                new ByteArraySerializer(),
                new ByteArraySerializer());
    }

    /** As Tally's own serde registers it. */
    private static int schemaId(BenchStack stack, Topics topics, BenchAction action) {
        try (RecordSerdes serdes = servers(stack).serdes()) {
            byte[] bytes =
                    serdes.of(ActionEvent.class).serializer().serialize(topics.actions(), ActionEncoder.event(action));
            return ByteBuffer.wrap(bytes).getInt(SCHEMA_ID_AT);
        }
    }

    static Servers servers(BenchStack stack) {
        return Servers.of(stack.bootstrapServers(), stack.registryUrl(), PREFIX);
    }

    Servers servers() {
        return servers(stack);
    }

    void apply(Catalogue catalogue) {
        try (RecordSerdes serdes = servers().serdes()) {
            CatalogueTopics topics = new CatalogueTopics(servers(), serdes, cluster.topics());
            topics.publish(topics.changes(catalogue));
        }
    }

    /** Records that lie in the topic in the end. */
    int records() {
        return Math.toIntExact(workload.spec().records() + refused());
    }

    /** Garbage among them. */
    long refused() {
        return deadLetters.values().stream().mapToLong(Long::longValue).sum();
    }
}
