package dev.tally.streams.state;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.internals.ProcessorStateManager;
import org.apache.kafka.streams.processor.internals.StreamTask;
import org.apache.kafka.streams.state.internals.CachedStateStore;
import org.apache.kafka.streams.state.internals.WrappedStateStore;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What both engines promise, and what the fast one takes for granted of Kafka Streams' internals. */
class WriteBackStoreTest {

    private static final String STORE = "counters";
    private static final String IN = "in";
    private static final String OUT = "out";

    @ParameterizedTest
    @EnumSource
    void shouldWriteBackAndForwardInTheTransactionOfWhatWasProcessed(Engine engine, @TempDir Path stateDir) {
        // Given a processor that keeps what it reads on the heap
        List<CrashPoint> reached = new ArrayList<>();
        Topology topology = new Topology();
        topology.addSource("source", new ByteArrayDeserializer(), new ByteArrayDeserializer(), IN);
        topology.addProcessor("keep", Keeping::new, "source");
        topology.addStateStore(new WriteBacks(engine, reached::add).store(STORE), "keep");
        topology.addSink("sink", OUT, new ByteArraySerializer(), new ByteArraySerializer(), "keep");
        try (TopologyTestDriver driver = new TopologyTestDriver(topology, config(stateDir), Instant.EPOCH)) {

            // When; the driver commits after each record
            driver.createInputTopic(IN, new ByteArraySerializer(), new ByteArraySerializer())
                    .pipeInput(new byte[] {1}, new byte[] {2});

            // Then
            for (String topic : List.of("test-" + STORE + "-changelog", OUT)) {
                assertThat(driver.createOutputTopic(topic, new ByteArrayDeserializer(), new ByteArrayDeserializer())
                                .readValuesToList())
                        .as("what was written back to %s when the commit was done", topic)
                        .containsExactly(new byte[] {2});
            }
            assertThat(reached)
                    .containsExactly(CrashPoint.BEFORE_DRAIN, CrashPoint.BETWEEN_DRAINS, CrashPoint.AFTER_DRAIN);
        }
    }

    @Test
    void shouldForgetWhatIsOnTheHeapWhenItsTaskIsRecycled() {
        // Given: Kafka Streams recycles a task between active and standby by clearing caches, without closing stores
        FastWriteBackStore store =
                (FastWriteBackStore) WriteBacks.of(Engine.FAST).store(STORE).build();
        StringBuilder before = store.companion(StringBuilder.class, () -> new StringBuilder("before"));

        // When
        store.clearCache();

        // Then
        assertThat(store.companion(StringBuilder.class, () -> new StringBuilder("after")))
                .isNotSameAs(before)
                .hasToString("after");
    }

    @Test
    void shouldHaveNothingToForgetWhereThereIsNoHook() {
        // Given
        WriteBackStore store = WriteBacks.of(Engine.PORTABLE).store(STORE).build();

        // When
        StringBuilder one = store.companion(StringBuilder.class, StringBuilder::new);
        StringBuilder other = store.companion(StringBuilder.class, StringBuilder::new);

        // Then
        assertThat(one).isNotSameAs(other);
    }

    /** The fast engine loses counts when one of these no longer holds. Until it is adapted, {@code engine=portable} is the way out. */
    @Test
    void shouldFindTheInternalsOfKafkaStreamsAsTheFastEngineTakesThem() {
        JavaClasses kafka = new ClassFileImporter().importClasses(StreamTask.class, ProcessorStateManager.class);
        JavaClass task = kafka.get(StreamTask.class);
        JavaClass manager = kafka.get(ProcessorStateManager.class);

        assertThat(CachedStateStore.class)
                .as("the hook's type, of which the write-back store is one")
                .isAssignableFrom(WrappedStateStore.class);
        assertCalls(task, "prepareCommit", "StreamTask.flush", "a commit begins with a flush");
        assertCalls(task, "flush", "ProcessorStateManager.flushCache", "a flush flushes the caches");
        assertCalls(manager, "flushCache", "CachedStateStore.flushCache", "which calls the hook");
        assertCalls(task, "prepareRecycle", "ProcessorStateManager.recycle", "a task is recycled with its stores open");
        assertCalls(manager, "recycle", "CachedStateStore.clearCache", "which clears caches");
    }

    private static void assertCalls(JavaClass caller, String method, String callee, String why) {
        List<String> calls = new ArrayList<>();
        for (JavaMethod each : caller.getMethods()) {
            if (each.getName().equals(method)) {
                each.getMethodCallsFromSelf()
                        .forEach(call -> calls.add(call.getTargetOwner().getSimpleName() + "." + call.getName()));
            }
        }
        assertThat(calls)
                .as(
                        "This version of Kafka Streams is not one the fast engine knows (%s): calls of %s.%s",
                        why, caller.getSimpleName(), method)
                .contains(callee);
    }

    private static Properties config(Path stateDir) {
        Properties config = new Properties();
        config.put(StreamsConfig.APPLICATION_ID_CONFIG, "test");
        config.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "unused:9092");
        config.put(StreamsConfig.STATE_DIR_CONFIG, stateDir.toString());
        config.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        return config;
    }

    /** Writes the latest record back, to the store and to a sink. */
    private static final class Keeping implements Processor<byte[], byte[], byte[], byte[]> {
        private Runnable writeBack = () -> {};
        private @Nullable Record<byte[], byte[]> latest;

        @Override
        public void init(ProcessorContext<byte[], byte[]> context) {
            WriteBackStore store = context.getStateStore(STORE);
            writeBack = store.writeBackBy(
                    context,
                    () -> {
                        if (latest != null) {
                            store.put(Bytes.wrap(latest.key()), latest.value());
                        }
                    },
                    () -> {
                        if (latest != null) {
                            context.forward(latest);
                            latest = null;
                        }
                    });
        }

        @Override
        public void process(Record<byte[], byte[]> record) {
            latest = record;
            writeBack.run();
        }
    }
}
