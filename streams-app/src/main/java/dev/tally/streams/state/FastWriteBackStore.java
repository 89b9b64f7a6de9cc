package dev.tally.streams.state;

import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.apache.kafka.common.header.internals.RecordHeaders;
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
import org.apache.kafka.streams.state.internals.WrappedStateStore;
import org.jspecify.annotations.Nullable;

/**
 * Writes back once per commit, just before it.
 *
 * <p>Under exactly-once, {@code StateStore.flush()} is not called at a commit; only stores that take part in the cache flush see the
 * moment before one. This class is therefore bound to an internal type of Kafka Streams, the only place in Tally that is. The rules that
 * make it safe: one such store per subtopology; the drain writes only to this store and to sinks, never to a caching store, whose turn
 * may have passed; what the drain reads changes only inside {@code process} and punctuators, so a commit is due whenever there is
 * something to drain.
 */
final class FastWriteBackStore extends WrappedStateStore<KeyValueStore<Bytes, byte[]>, Bytes, byte[]>
        implements WriteBackStore {

    private final Map<Class<?>, Object> companions = new HashMap<>();
    private volatile Overlay overlay = NOTHING;
    private final Map<ProcessorNode<?, ?, ?, ?>, List<Runnable>> drains = new LinkedHashMap<>();
    private final WriteBacks writeBacks;
    private @Nullable InternalProcessorContext<?, ?> context;

    private static final Overlay NOTHING = new Overlay() {
        @Override
        public byte @Nullable [] get(Bytes key) {
            return null;
        }

        @Override
        public void putRange(Bytes from, Bytes to, NavigableMap<Bytes, byte[]> into) {}
    };

    FastWriteBackStore(KeyValueStore<Bytes, byte[]> inner, WriteBacks writeBacks) {
        super(inner);
        this.writeBacks = writeBacks;
    }

    @Override
    public Runnable writeBackBy(ProcessorContext<?, ?> processorContext, Runnable... steps) {
        InternalProcessorContext<?, ?> internal = (InternalProcessorContext<?, ?>) processorContext;
        context = internal;
        drains.put(internal.currentNode(), List.of(steps));
        return () -> {};
    }

    @Override
    public void init(StateStoreContext storeContext, StateStore root) {
        // A task that is revived after a failure initialises the same object again: what was summed before belongs to
        // the transaction that was aborted.
        forget();
        super.init(storeContext, root);
    }

    @Override
    public void close() {
        writeBacks.crash().reached(CrashPoint.DURING_CLOSE);
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
        drains.clear();
        context = null;
    }

    @Override
    public void flushCache() {
        InternalProcessorContext<?, ?> within = context;
        if (within != null) {
            drains.forEach((node, steps) -> drainWithin(within, node, steps));
        }
        super.flushCache();
    }

    /** Outside {@code process} there is no current record or node, which forwarding and the changelog ask for. */
    private void drainWithin(
            InternalProcessorContext<?, ?> within, ProcessorNode<?, ?, ?, ?> node, List<Runnable> steps) {
        ProcessorRecordContext recordBefore = within.recordContext();
        ProcessorNode<?, ?, ?, ?> nodeBefore = within.currentNode();
        within.setRecordContext(
                new ProcessorRecordContext(0L, -1L, within.taskId().partition(), null, new RecordHeaders()));
        within.setCurrentNode(node);
        try {
            writeBacks.run(steps);
        } finally {
            within.setRecordContext(recordBefore);
            within.setCurrentNode(nodeBefore);
        }
    }

    @Override
    public void overlay(Overlay newer) {
        overlay = newer;
    }

    /** Shared by the processors of the task. */
    @Override
    public <T> T companion(Class<T> type, Supplier<T> create) {
        Object found = companions.computeIfAbsent(type, t -> create.get());
        return type.cast(found);
    }

    @Override
    public byte @Nullable [] get(Bytes key) {
        byte[] newer = overlay.get(key);
        return newer == null ? wrapped().get(key) : newer;
    }

    @Override
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

    @Override
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

    @Override
    public void put(Bytes key, byte @Nullable [] value) {
        wrapped().put(key, value);
    }
}
