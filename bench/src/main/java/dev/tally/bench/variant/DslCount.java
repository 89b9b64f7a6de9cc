package dev.tally.bench.variant;

import dev.tally.bench.workload.ActionEncoder;
import dev.tally.bench.workload.Sum;
import dev.tally.schemas.ActionEvent;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.processor.api.FixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorContext;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorSupplier;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.QueryableStoreTypes;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.WindowStore;
import org.apache.kafka.streams.state.WindowStoreIterator;
import org.jspecify.annotations.Nullable;

/**
 * Variants C and D: what Kafka Streams' DSL gives without further thought. C counts by user and day, and by org and day through a
 * repartition topic, exactly-once, committing every 100 ms. D first looks each id up in a window store (an hour around its event time)
 * and remembers it there. One stream thread.
 */
public final class DslCount {

    /** Name of the repartition topic, within the application. */
    public static final String REPARTITION = "by-org-repartition";

    private static final String USERS = "user-days";
    private static final String ORGS = "org-days";
    private static final String IDS = "event-ids";
    private static final Duration DAY = Duration.ofDays(1);
    private static final Duration GRACE = Duration.ofHours(72);
    private static final Duration AROUND = Duration.ofHours(1);

    private DslCount() {}

    /** @param args bootstrap servers, topic, HTTP port, application id, state folder, schema id, {@code true} to deduplicate */
    public static void main(String[] args) throws InterruptedException {
        Serde<ActionEvent> serde = serde(Integer.parseInt(args[5]));
        KafkaStreams streams = new KafkaStreams(
                topology(args[1], serde, Boolean.parseBoolean(args[6])), config(args[0], args[3], args[4]));
        Runtime.getRuntime().addShutdownHook(new Thread(streams::close, "shutdown"));
        streams.setUncaughtExceptionHandler(failure -> {
            failure.printStackTrace();
            Runtime.getRuntime().halt(1);
            return org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse
                    .SHUTDOWN_CLIENT;
        });
        VariantServer.start(
                Integer.parseInt(args[2]),
                () -> streams.state() == KafkaStreams.State.RUNNING ? Findings.COUNTING : Findings.WARMING,
                () -> findings(streams));
        streams.start();
        new CountDownLatch(1).await();
    }

    private static Properties config(String bootstrapServers, String applicationId, String stateFolder) {
        Properties config = new Properties();
        config.putAll(Map.of(
                StreamsConfig.BOOTSTRAP_SERVERS_CONFIG,
                bootstrapServers,
                StreamsConfig.APPLICATION_ID_CONFIG,
                applicationId,
                StreamsConfig.STATE_DIR_CONFIG,
                stateFolder,
                StreamsConfig.PROCESSING_GUARANTEE_CONFIG,
                StreamsConfig.EXACTLY_ONCE_V2,
                StreamsConfig.COMMIT_INTERVAL_MS_CONFIG,
                100,
                StreamsConfig.NUM_STREAM_THREADS_CONFIG,
                1,
                StreamsConfig.producerPrefix("compression.type"),
                "zstd",
                // Kept, so that what was written can be measured.
                StreamsConfig.REPARTITION_PURGE_INTERVAL_MS_CONFIG,
                Duration.ofDays(1).toMillis(),
                ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
                "earliest"));
        return config;
    }

    private static Topology topology(String topic, Serde<ActionEvent> serde, boolean deduplicate) {
        StreamsBuilder builder = new StreamsBuilder();
        KStream<String, ActionEvent> actions = builder.stream(
                topic,
                Consumed.with(Serdes.String(), serde)
                        .withTimestampExtractor((record, partitionTime) ->
                                ((ActionEvent) record.value()).getOccurredAt().toEpochMilli()));
        if (deduplicate) {
            builder.addStateStore(ids());
            actions = actions.processValues(
                    new FixedKeyProcessorSupplier<String, ActionEvent, ActionEvent>() {
                        @Override
                        public FixedKeyProcessor<String, ActionEvent, ActionEvent> get() {
                            return new Deduplicate();
                        }
                    },
                    IDS);
        }
        TimeWindows byDay = TimeWindows.ofSizeAndGrace(DAY, GRACE);
        actions.groupByKey(Grouped.with("by-user", Serdes.String(), serde))
                .windowedBy(byDay)
                .count(Materialized.as(USERS));
        actions.filter((user, action) -> action.getOrgId() != null)
                .groupBy((user, action) -> action.getOrgId(), Grouped.with("by-org", Serdes.String(), serde))
                .windowedBy(byDay)
                .count(Materialized.as(ORGS));
        return builder.build();
    }

    private static StoreBuilder<WindowStore<String, Long>> ids() {
        return Stores.windowStoreBuilder(
                Stores.persistentWindowStore(IDS, GRACE, Duration.ofHours(2), false), Serdes.String(), Serdes.Long());
    }

    /** Passes an action on unless its id was seen within an hour of its event time. */
    private static final class Deduplicate implements FixedKeyProcessor<String, ActionEvent, ActionEvent> {
        private @Nullable FixedKeyProcessorContext<String, ActionEvent> context;
        private @Nullable WindowStore<String, Long> ids;

        @Override
        public void init(FixedKeyProcessorContext<String, ActionEvent> given) {
            context = given;
            ids = given.getStateStore(IDS);
        }

        @Override
        public void process(FixedKeyRecord<String, ActionEvent> record) {
            FixedKeyProcessorContext<String, ActionEvent> out = java.util.Objects.requireNonNull(context);
            WindowStore<String, Long> store = java.util.Objects.requireNonNull(ids);
            ActionEvent action = record.value();
            String id = action.getUserId() + '/' + action.getEventId();
            long at = record.timestamp();
            try (WindowStoreIterator<Long> seen = store.fetch(id, at - AROUND.toMillis(), at + AROUND.toMillis())) {
                if (seen.hasNext()) {
                    return;
                }
            }
            store.put(id, at, at);
            out.forward(record);
        }
    }

    private static Serde<ActionEvent> serde(int schemaId) {
        ThreadLocal<ActionEncoder> encoders = ThreadLocal.withInitial(() -> new ActionEncoder(schemaId));
        ThreadLocal<ActionDecoder> decoders = ThreadLocal.withInitial(ActionDecoder::new);
        Serializer<ActionEvent> serializer = (topic, action) -> encoders.get().encode(action);
        Deserializer<ActionEvent> deserializer =
                (topic, bytes) -> decoders.get().decode(bytes);
        return Serdes.serdeFrom(serializer, deserializer);
    }

    private static Findings findings(KafkaStreams streams) {
        long heap = VariantServer.heapBytes();
        return new Findings(Findings.DONE, 0, 0, 0, sum(streams, USERS, "user:"), sum(streams, ORGS, "org:"), heap);
    }

    private static Sum sum(KafkaStreams streams, String store, String kind) {
        Sum sum = Sum.NONE;
        try (KeyValueIterator<Windowed<String>, Long> all = streams.store(
                        StoreQueryParameters.fromNameAndType(store, QueryableStoreTypes.<String, Long>windowStore()))
                .all()) {
            while (all.hasNext()) {
                KeyValue<Windowed<String>, Long> count = all.next();
                sum = sum.plus(kind + count.key.key(), count.key.window().start(), count.value);
            }
        }
        return sum;
    }
}
