package dev.tally.streams.topology;

import dev.tally.streams.state.Engine;
import dev.tally.streams.state.StoreNames;
import dev.tally.streams.state.WriteBackStore;
import dev.tally.streams.state.WriteBacks;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.Stores;
import org.jspecify.annotations.Nullable;

/** The stores of a task of the accounts stage, open on the test driver, and none of its processors. */
final class TaskStores implements AutoCloseable {

    private static final List<String> WRITTEN_BACK = List.of(
            StoreNames.ACCOUNT_CLOCK,
            StoreNames.ACCOUNT_WINDOWS,
            StoreNames.ACCOUNT_SPLITS,
            StoreNames.ACCOUNT_CHARGES,
            StoreNames.ACCOUNT_GRANTS,
            StoreNames.ACCOUNT_INTERVALS,
            StoreNames.ACCOUNT_ACTIVITY);

    private final TopologyTestDriver driver;
    private final Map<String, WriteBackStore> writeBack = new HashMap<>();
    private @Nullable AccountStores written;

    TaskStores(Path stateDir) {
        Topology topology = new Topology();
        topology.addSource("in", new ByteArrayDeserializer(), new ByteArrayDeserializer(), "in");
        topology.addProcessor("task", Task::new, "in");
        for (String name : WRITTEN_BACK) {
            topology.addStateStore(WriteBacks.of(Engine.FAST).store(name), "task");
        }
        for (String name :
                List.of(StoreNames.ACCOUNT_CATALOGUE, StoreNames.ACCOUNT_OPEN_INTERVALS, StoreNames.ACCOUNT_WAKES)) {
            topology.addStateStore(
                    Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore(name), Serdes.Bytes(), Serdes.ByteArray()),
                    "task");
        }
        Properties config = Pipeline.config(stateDir);
        driver = new TopologyTestDriver(topology, config, Instant.EPOCH);
        // A store writes to its changelog with the time of a record, so there has to be one.
        byte[] some = {1};
        driver.createInputTopic("in", new ByteArraySerializer(), new ByteArraySerializer())
                .pipeInput(some, some);
    }

    AccountStores accounts() {
        return Objects.requireNonNull(written);
    }

    WriteBackStore writeBack(String name) {
        return Objects.requireNonNull(writeBack.get(name));
    }

    @Override
    public void close() {
        driver.close();
    }

    private final class Task implements Processor<byte[], byte[], Void, Void> {
        @Override
        public void init(ProcessorContext<Void, Void> context) {
            written = AccountStores.of(context);
            WRITTEN_BACK.forEach(name -> writeBack.put(name, context.getStateStore(name)));
        }

        @Override
        public void process(Record<byte[], byte[]> record) {}
    }
}
