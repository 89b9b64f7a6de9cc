package dev.tally.streams.state;

import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.StateStoreContext;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.query.Position;
import org.apache.kafka.streams.query.PositionBound;
import org.apache.kafka.streams.query.Query;
import org.apache.kafka.streams.query.QueryConfig;
import org.apache.kafka.streams.query.QueryResult;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * Writes back after each record and punctuation, by the public API alone: between two of them nothing on the heap is newer than the store,
 * so a commit may come at any time, and no hook is needed.
 *
 * <p>It holds nothing that a task could find again in a later life: a processor's {@code init} makes everything anew, from the store as it
 * was restored.
 */
final class PortableWriteBackStore implements WriteBackStore {

    private final KeyValueStore<Bytes, byte[]> inner;
    private final WriteBacks writeBacks;

    PortableWriteBackStore(KeyValueStore<Bytes, byte[]> inner, WriteBacks writeBacks) {
        this.inner = inner;
        this.writeBacks = writeBacks;
    }

    @Override
    public Runnable writeBackBy(ProcessorContext<?, ?> context, Runnable... steps) {
        List<Runnable> inOrder = List.of(steps);
        return () -> writeBacks.run(inOrder);
    }

    /** Not needed: what is on the heap is in the store too. */
    @Override
    public void overlay(Overlay newer) {}

    /** One for each that asks: whom it was shared with in a former life of the task cannot be told. */
    @Override
    public <T> T companion(Class<T> type, Supplier<T> create) {
        return create.get();
    }

    @Override
    public byte @Nullable [] get(Bytes key) {
        return inner.get(key);
    }

    @Override
    public byte @Nullable [] stored(Bytes key) {
        return inner.get(key);
    }

    @Override
    public KeyValueIterator<Bytes, byte[]> range(Bytes from, Bytes to) {
        return inner.range(from, to);
    }

    @Override
    public KeyValueIterator<Bytes, byte[]> storedRange(Bytes from, Bytes to) {
        return inner.range(from, to);
    }

    @Override
    public KeyValueIterator<Bytes, byte[]> all() {
        return inner.all();
    }

    @Override
    public long approximateNumEntries() {
        return inner.approximateNumEntries();
    }

    @Override
    public void put(Bytes key, byte @Nullable [] value) {
        inner.put(key, value);
    }

    @Override
    public String name() {
        return inner.name();
    }

    @Override
    public void init(StateStoreContext context, StateStore root) {
        inner.init(context, root);
    }

    @Override
    public void close() {
        writeBacks.crash().reached(CrashPoint.DURING_CLOSE);
        inner.close();
    }

    @Override
    public boolean persistent() {
        return inner.persistent();
    }

    @Override
    public boolean isOpen() {
        return inner.isOpen();
    }

    /** Offsets lie in the store itself, so that a restored or recycled one goes on where it was. */
    @Override
    @SuppressWarnings("deprecation") // until stores that do not manage their offsets are gone, Kafka Streams asks
    public boolean managesOffsets() {
        return inner.managesOffsets();
    }

    @Override
    public void commit(Map<TopicPartition, Long> changelogOffsets) {
        inner.commit(changelogOffsets);
    }

    @Override
    public @Nullable Long committedOffset(TopicPartition partition) {
        return inner.committedOffset(partition);
    }

    @Override
    public <R> QueryResult<R> query(Query<R> query, PositionBound bound, QueryConfig config) {
        return inner.query(query, bound, config);
    }

    @Override
    public Position getPosition() {
        return inner.getPosition();
    }
}
