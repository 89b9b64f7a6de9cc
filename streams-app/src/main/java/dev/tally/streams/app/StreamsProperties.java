package dev.tally.streams.app;

import dev.tally.schemas.topics.Topics;
import dev.tally.settings.CommonSettings;
import dev.tally.settings.ParsedSettings;
import dev.tally.streams.state.SharedRocksDb;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.streams.GroupProtocol;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.DefaultProductionExceptionHandler;
import org.apache.kafka.streams.errors.LogAndFailExceptionHandler;
import org.apache.kafka.streams.errors.LogAndFailProcessingExceptionHandler;

/** Kafka Streams' configuration, made from the settings. What the guarantees rest on cannot be overridden. */
final class StreamsProperties {

    private StreamsProperties() {}

    /** @param resets how many times state was given up: what is on the disk from before is not used again */
    static Properties of(MeteringSettings settings, int resets) {
        ParsedSettings values = settings.values();
        Map<String, Object> config = new HashMap<>(defaults());
        Map<String, Object> given = CommonSettings.kafkaClient(values);
        // Kafka Streams prefers a key with a client's prefix; a default of ours must not win over what was set for all
        // clients.
        given.keySet().forEach(key -> {
            config.remove(StreamsConfig.producerPrefix(key));
            config.remove(StreamsConfig.mainConsumerPrefix(key));
        });
        config.putAll(given);
        config.putAll(guarded(settings, resets));
        Properties properties = new Properties();
        properties.putAll(config);
        return properties;
    }

    /** Defaults of ours, which any setting under {@code kafka.} replaces. */
    private static Map<String, Object> defaults() {
        Map<String, Object> defaults = new HashMap<>();
        // While a backlog is worked off; for what is live, processors ask for a commit every 50 ms. Well below the
        // 10 s after which brokers abort a transaction: the next owner of a dead instance's partitions waits for that.
        defaults.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 3_000);
        // So soon after a new instance has copied the state of partitions it gets them, a few at a time (KIP-441);
        // Kafka's
        // default of ten minutes would leave it without work for half an hour.
        defaults.put(StreamsConfig.PROBING_REBALANCE_INTERVAL_MS_CONFIG, 60_000L);
        defaults.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 64L * 1024 * 1024);
        // Most partitions of actions-home are empty: nothing is gained by looking at them before each record.
        defaults.put(StreamsConfig.MAX_TASK_IDLE_MS_CONFIG, StreamsConfig.MAX_TASK_IDLE_MS_DISABLED);
        // A dead instance's partitions move after this, not after Kafka's default of 45 s.
        defaults.put(
                StreamsConfig.mainConsumerPrefix(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG),
                MeteringSettings.SESSION_TIMEOUT_MS);
        defaults.put(StreamsConfig.mainConsumerPrefix(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG), 2_000);
        // Few enough to be in the processor's cache still when their turn comes.
        defaults.put(StreamsConfig.mainConsumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG), 250);
        // A transaction that begins while the markers of the one before are written is told to try again. After Kafka's
        // default of 100 ms, each commit of live input would wait that long.
        defaults.put(StreamsConfig.producerPrefix(ProducerConfig.RETRY_BACKOFF_MS_CONFIG), 10);
        // What a commit writes comes at once, to many partitions.
        defaults.put(StreamsConfig.producerPrefix(ProducerConfig.BATCH_SIZE_CONFIG), 128 * 1024);
        defaults.put(StreamsConfig.producerPrefix(ProducerConfig.COMPRESSION_TYPE_CONFIG), "zstd");
        return defaults;
    }

    private static Map<String, Object> guarded(MeteringSettings settings, int resets) {
        ParsedSettings values = settings.values();
        Map<String, Object> guarded = new HashMap<>();
        guarded.put(StreamsConfig.APPLICATION_ID_CONFIG, values.string(CommonSettings.APPLICATION_ID));
        guarded.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        // With the other protocol stream threads make consumers that nobody else sees, which ConsumerLag is to ask.
        guarded.put(StreamsConfig.GROUP_PROTOCOL_CONFIG, GroupProtocol.CLASSIC.name);
        guarded.put(StreamsConfig.ENSURE_EXPLICIT_INTERNAL_RESOURCE_NAMING_CONFIG, true);
        guarded.put(StreamsConfig.DESERIALIZATION_EXCEPTION_HANDLER_CLASS_CONFIG, LogAndFailExceptionHandler.class);
        guarded.put(
                StreamsConfig.PROCESSING_EXCEPTION_HANDLER_CLASS_CONFIG, LogAndFailProcessingExceptionHandler.class);
        guarded.put(StreamsConfig.PRODUCTION_EXCEPTION_HANDLER_CLASS_CONFIG, DefaultProductionExceptionHandler.class);
        guarded.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, values.integer(MeteringSettings.NUM_STREAM_THREADS));
        guarded.put(StreamsConfig.NUM_STANDBY_REPLICAS_CONFIG, values.integer(MeteringSettings.NUM_STANDBY_REPLICAS));
        guarded.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, values.integer(CommonSettings.REPLICATION_FACTOR));
        guarded.put(
                StreamsConfig.producerPrefix(ProducerConfig.MAX_REQUEST_SIZE_CONFIG),
                // A dead letter is its input plus headers, and the batch around it.
                Topics.ACTIONS_MAX_BYTES + 2 * Topics.HEADER_ROOM_BYTES);
        guarded.put(StreamsConfig.ROCKSDB_CONFIG_SETTER_CLASS_CONFIG, SharedRocksDb.class);
        guarded.put(SharedRocksDb.MEMORY_CONFIG, values.bytes(MeteringSettings.ROCKSDB_MEMORY));
        String stateDir = values.string(MeteringSettings.STATE_DIR);
        if (!stateDir.isEmpty()) {
            guarded.put(StreamsConfig.STATE_DIR_CONFIG, stateDir);
        }
        if (resets > 0) {
            String base = stateDir.isEmpty() ? defaultStateDir() : stateDir;
            guarded.put(
                    StreamsConfig.STATE_DIR_CONFIG,
                    Path.of(base, "reset-" + resets).toString());
        }
        if (settings.hasTestClock()) {
            Topics.ANY_TIME.forEach((key, value) -> guarded.put(StreamsConfig.topicPrefix(key), value));
        }
        return guarded;
    }

    private static String defaultStateDir() {
        return String.valueOf(StreamsConfig.configDef().defaultValues().get(StreamsConfig.STATE_DIR_CONFIG));
    }
}
