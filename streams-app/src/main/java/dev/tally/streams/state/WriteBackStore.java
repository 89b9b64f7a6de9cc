package dev.tally.streams.state;

import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.StateStoreContext;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.internals.InternalProcessorContext;
import org.apache.kafka.streams.processor.internals.ProcessorNode;
import org.apache.kafka.streams.processor.internals.ProcessorRecordContext;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.internals.WrappedStateStore;
import org.jspecify.annotations.Nullable;

/**
 * A changelogged store that lets its processor write back what it summed on the heap, just before each commit.
 *
 * <p>Under exactly-once, {@code StateStore.flush()} is not called at a commit; only stores that take part in the cache flush see the
 * moment before one. This class is therefore bound to an internal type of Kafka Streams, the only place in Tally that is. The rules that
 * make it safe: one such store per subtopology; the drain writes only to this store and to sinks, never to a caching store, whose turn
 * may have passed; what the drain reads changes only inside {@code process} and punctuators, so a commit is due whenever there is
 * something to drain.
 *
 * <p>It is a read-only store to queries, and no {@link KeyValueStore}: Kafka Streams then hands the object itself to the processor.
 */
public final class WriteBackStore extends WrappedStateStore<KeyValueStore<Bytes, byte[]>, Bytes, byte[]>
        implements ReadOnlyKeyValueStore<Bytes, byte[]> {

    private final Map<Class<?>, Object> companions = new HashMap<>();
    private volatile Overlay overlay = NOTHING;
    private @Nullable Runnable drain;
    private @Nullable InternalProcessorContext<?, ?> context;
    private @Nullable ProcessorNode<?, ?, ?, ?> node;

    /** Newer values than the store has, which queries are to see. Read by other threads. */
    public interface Overlay {

        /** The newer value of a key; null where there is none. */
        byte @Nullable [] get(Bytes key);

        /** Puts the newer values from one key to another, both included, into a map. */
        void putRange(Bytes from, Bytes to, NavigableMap<Bytes, byte[]> into);
    }

    private static final Overlay NOTHING = new Overlay() {
        @Override
        public byte @Nullable [] get(Bytes key) {
            return null;
        }

        @Override
        public void putRange(Bytes from, Bytes to, NavigableMap<Bytes, byte[]> into) {}
    };

    private WriteBackStore(KeyValueStore<Bytes, byte[]> inner) {
        super(inner);
    }

    /** A builder of a persistent, logged store of this kind. */
    public static StoreBuilder<WriteBackStore> builder(String name) {
        return new Builder(
                Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(name), Serdes.Bytes(), Serdes.ByteArray())
                        .withCachingDisabled());
    }

    /**
     * Sets what runs before each commit, inside its transaction; it may forward. Called once, from the processor's {@code init}.
     *
     * @param processorContext the context that {@code init} was given
     */
    public void beforeCommit(ProcessorContext<?, ?> processorContext, Runnable drainToUse) {
        context = (InternalProcessorContext<?, ?>) processorContext;
        node = context.currentNode();
        drain = drainToUse;
    }

    @Override
    public void init(StateStoreContext storeContext, StateStore root) {
        // A task that is revived after a crash initialises the same object again: what was summed before belongs to the
        // transaction
        // that was aborted.
        forget();
        super.init(storeContext, root);
    }

    @Override
    public void close() {
        forget();
        super.close();
    }

    /**
     * Called when a task turns from active to standby or back without the store being closed: meanwhile another instance goes on, so
     * nothing that was known on the heap may be used again.
     */
    @Override
    public void clearCache() {
        forget();
        super.clearCache();
    }

    private void forget() {
        companions.clear();
        overlay = NOTHING;
        drain = null;
        context = null;
        node = null;
    }

    @Override
    public void flushCache() {
        if (drain != null && context != null) {
            drainWithin(context, drain);
        }
        super.flushCache();
    }

    /** Outside {@code process} there is no current record or node, which forwarding and the changelog ask for. */
    private void drainWithin(InternalProcessorContext<?, ?> within, Runnable toRun) {
        ProcessorRecordContext recordBefore = within.recordContext();
        ProcessorNode<?, ?, ?, ?> nodeBefore = within.currentNode();
        within.setRecordContext(
                new ProcessorRecordContext(0L, -1L, within.taskId().partition(), null, new RecordHeaders()));
        within.setCurrentNode(node);
        try {
            toRun.run();
        } finally {
            within.setRecordContext(recordBefore);
            within.setCurrentNode(nodeBefore);
        }
    }

    /** Lets queries see newer values than the store has, until its task ends. */
    public void overlay(Overlay newer) {
        overlay = newer;
    }

    /** The one object of its type that lives beside this store, shared by the processors of its task. */
    public <T> T companion(Class<T> type, Supplier<T> create) {
        Object found = companions.computeIfAbsent(type, t -> create.get());
        return type.cast(found);
    }

    /** A value as of now. */
    @Override
    public byte @Nullable [] get(Bytes key) {
        byte[] newer = overlay.get(key);
        return newer == null ? wrapped().get(key) : newer;
    }

    /** A value as of the last commit, or written since. */
    public byte @Nullable [] stored(Bytes key) {
        return wrapped().get(key);
    }

    /** Values as of now, both ends included. Meant for ranges of moderate size: they are collected first. */
    @Override
    public KeyValueIterator<Bytes, byte[]> range(Bytes from, Bytes to) {
        // The overlay first: what leaves it meanwhile is in the store by then.
        NavigableMap<Bytes, byte[]> all = new TreeMap<>();
        overlay.putRange(from, to, all);
        try (KeyValueIterator<Bytes, byte[]> stored = wrapped().range(from, to)) {
            stored.forEachRemaining(entry -> all.putIfAbsent(entry.key, entry.value));
        }
        return new Collected(all.entrySet().iterator());
    }

    /** Values as of the last commit, or written since, both ends included. */
    public KeyValueIterator<Bytes, byte[]> storedRange(Bytes from, Bytes to) {
        return wrapped().range(from, to);
    }

    private static final class Collected implements KeyValueIterator<Bytes, byte[]> {
        private final Iterator<Map.Entry<Bytes, byte[]>> entries;
        private Map.@Nullable Entry<Bytes, byte[]> next;

        Collected(Iterator<Map.Entry<Bytes, byte[]>> entries) {
            this.entries = entries;
        }

        @Override
        public boolean hasNext() {
            return next != null || entries.hasNext();
        }

        @Override
        public KeyValue<Bytes, byte[]> next() {
            Map.Entry<Bytes, byte[]> entry = peeked();
            next = null;
            return KeyValue.pair(entry.getKey(), entry.getValue());
        }

        @Override
        public Bytes peekNextKey() {
            Map.Entry<Bytes, byte[]> entry = peeked();
            next = entry;
            return entry.getKey();
        }

        private Map.Entry<Bytes, byte[]> peeked() {
            Map.Entry<Bytes, byte[]> peeked = next;
            return peeked == null ? entries.next() : peeked;
        }

        @Override
        public void close() {}
    }

    @Override
    public KeyValueIterator<Bytes, byte[]> all() {
        return wrapped().all();
    }

    @Override
    public long approximateNumEntries() {
        return wrapped().approximateNumEntries();
    }

    /** Writes a value; null removes it. */
    public void put(Bytes key, byte @Nullable [] value) {
        wrapped().put(key, value);
    }

    private static final class Builder implements StoreBuilder<WriteBackStore> {
        private final StoreBuilder<KeyValueStore<Bytes, byte[]>> inner;

        Builder(StoreBuilder<KeyValueStore<Bytes, byte[]>> inner) {
            this.inner = inner;
        }

        @Override
        public StoreBuilder<WriteBackStore> withCachingEnabled() {
            throw new UnsupportedOperationException("the write-back store is the cache");
        }

        @Override
        public StoreBuilder<WriteBackStore> withCachingDisabled() {
            return this;
        }

        @Override
        public StoreBuilder<WriteBackStore> withLoggingEnabled(Map<String, String> config) {
            inner.withLoggingEnabled(config);
            return this;
        }

        @Override
        public StoreBuilder<WriteBackStore> withLoggingDisabled() {
            throw new UnsupportedOperationException("without a changelog a crash would lose counts");
        }

        @Override
        public WriteBackStore build() {
            return new WriteBackStore(inner.build());
        }

        @Override
        public Map<String, String> logConfig() {
            return inner.logConfig();
        }

        @Override
        public boolean loggingEnabled() {
            return inner.loggingEnabled();
        }

        @Override
        public String name() {
            return inner.name();
        }
    }
}
