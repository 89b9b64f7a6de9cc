package dev.tally.bench.measure;

import dev.tally.bench.stack.BenchStack;
import dev.tally.bench.stack.Cluster;
import dev.tally.bench.workload.ActionEncoder;
import dev.tally.bench.workload.BenchAction;
import dev.tally.bench.workload.Expected;
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
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/**
 * Where runs take place: the servers, and a workload that lies in the topic of the actions already.
 *
 * @param schemaId of the actions
 * @param warmUp records at the beginning of the topic whose time and CPU are not counted
 */
public record Bed(BenchStack stack, Cluster cluster, Workload workload, Expected expected, int schemaId, int warmUp) {

    /** Prefix of the topics. */
    public static final String PREFIX = "bench.";

    private static final int SCHEMA_ID_AT = 1;

    /** Tally's topics in a bench. */
    public static Topics topics(int partitions) {
        return new Topics(PREFIX, partitions, partitions);
    }

    /** Publishes a workload to a fresh topic. */
    public static Bed publish(BenchStack stack, Cluster cluster, Workload workload, int warmUp) {
        Expected expected = Expected.of(workload);
        cluster.clear();
        cluster.create();
        int schemaId = schemaId(stack, cluster.topics(), workload.record(0));
        ActionEncoder encoder = new ActionEncoder(schemaId);
        AtomicReference<@Nullable Exception> failed = new AtomicReference<>();
        try (Producer<byte[], byte[]> producer = producer(stack, 50)) {
            for (int i = 0; i < workload.spec().records(); i++) {
                BenchAction action = workload.record(i);
                byte[] key = action.userId().getBytes(StandardCharsets.UTF_8);
                Future<RecordMetadata> unused = producer.send(
                        new ProducerRecord<>(cluster.topics().actions(), key, encoder.encode(action)),
                        (sent, failure) -> {
                            if (failure != null) {
                                failed.set(failure);
                            }
                        });
            }
        }
        if (failed.get() != null) {
            throw new IllegalStateException("the workload cannot be published", failed.get());
        }
        return new Bed(stack, cluster, workload, expected, schemaId, warmUp);
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

    int records() {
        return workload.spec().records();
    }
}
