package dev.tally.bench.measure;

import dev.tally.bench.ids.RememberedIds;
import dev.tally.settings.ParsedSettings;
import dev.tally.settings.SettingsLoader;
import dev.tally.streams.app.MeteringSettings;
import dev.tally.streams.state.CounterKeys;
import dev.tally.streams.state.Numbers;
import dev.tally.streams.state.StoreNames;
import dev.tally.streams.state.ids.IdMemory;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.config.TopicConfig;

/**
 * State that Tally restores at its start, as if it had accepted actions on the day before the workload: the changelogs of the memory of
 * ids and of the intake's counters, made and written before the application is there.
 */
final class SeededState {

    private static final long LEAST_MEMORY = 1 << 20;

    private final Bed bed;
    private final String applicationId;
    private final IdMemory.Settings memory;

    /** @param settings settings of streams-app besides the bench's own */
    SeededState(Bed bed, String applicationId, Map<String, String> settings) {
        this.bed = bed;
        this.applicationId = applicationId;
        this.memory = memory(bed, settings);
    }

    private static IdMemory.Settings memory(Bed bed, Map<String, String> settings) {
        Map<String, String> all =
                new HashMap<>(bed.stack().settings(bed.cluster().topics()));
        all.putAll(settings);
        ParsedSettings parsed = SettingsLoader.load(MeteringSettings.define(), Map.of(), Map.of(), all);
        boolean asLateness = parsed.string("dedup.horizon").isEmpty();
        Duration horizon = parsed.duration(asLateness ? "lateness.horizon" : "dedup.horizon");
        long share = parsed.bytes("dedup.memory") / bed.cluster().topics().actionsPartitions();
        return new IdMemory.Settings(horizon, Math.max(LEAST_MEMORY, share));
    }

    /** Writes the changelogs. */
    void write(long ids) {
        String counters = changelog(StoreNames.INTAKE_COUNTERS);
        String eventIds = changelog(StoreNames.EVENT_IDS);
        int partitions = bed.cluster().topics().actionsPartitions();
        // As Kafka Streams would make them.
        Map<String, String> config = Map.of(
                TopicConfig.CLEANUP_POLICY_CONFIG,
                TopicConfig.CLEANUP_POLICY_COMPACT,
                TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG,
                "CreateTime");
        bed.cluster().create(counters, partitions, config);
        bed.cluster().create(eventIds, partitions, config);
        Instant end = bed.workload().spec().start();
        RememberedIds remembered = new RememberedIds(memory, end);
        try (Sender sender = new Sender(bed.stack(), 50)) {
            for (int partition = 0; partition < partitions; partition++) {
                int to = partition;
                long share = ids / partitions + (partition < ids % partitions ? 1 : 0);
                remembered.rows(partition, share, (key, value) -> sender.send(eventIds, to, key.get(), value));
                sender.send(
                        counters,
                        partition,
                        CounterKeys.streamTimeKey(partition).get(),
                        Numbers.toBytes(end.toEpochMilli()));
            }
        }
    }

    private String changelog(String store) {
        return applicationId + "-" + store + "-changelog";
    }
}
