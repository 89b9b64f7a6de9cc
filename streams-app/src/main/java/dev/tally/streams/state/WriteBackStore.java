package dev.tally.streams.state;

import java.util.NavigableMap;
import java.util.function.Supplier;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * A changelogged store to which its processor writes back what it summed on the heap. The {@link Engine} decides when: at the latest
 * inside the transaction that commits what was summed.
 *
 * <p>It is a read-only store to queries, and no {@link KeyValueStore}: Kafka Streams then hands the object itself to the processor.
 */
public sealed interface WriteBackStore extends StateStore, ReadOnlyKeyValueStore<Bytes, byte[]>
        permits FastWriteBackStore, PortableWriteBackStore {

    /** Newer values than the store has, which queries are to see. Read by other threads. */
    interface Overlay {

        /** The newer value of a key; null where there is none. */
        byte @Nullable [] get(Bytes key);

        /** Puts the newer values from one key to another, both included, into a map. */
        void putRange(Bytes from, Bytes to, NavigableMap<Bytes, byte[]> into);
    }

    /**
     * Sets what writes back, in this order; it may forward. Called once by each processor that has something to write back, from its
     * {@code init}.
     *
     * @param context the context that {@code init} was given
     * @return to be run by the processor at the end of each {@code process} and of each punctuation that changed something
     */
    Runnable writeBackBy(ProcessorContext<?, ?> context, Runnable... steps);

    /** Lets queries see newer values than the store has, until its task ends. */
    void overlay(Overlay newer);

    /**
     * An object that keeps values of this store on the heap. Processors of a task may share it or have one each, so each key is to be one
     * processor's.
     */
    <T> T companion(Class<T> type, Supplier<T> create);

    /** A value as of the last write-back. */
    byte @Nullable [] stored(Bytes key);

    /** Values as of the last write-back, both ends included. */
    KeyValueIterator<Bytes, byte[]> storedRange(Bytes from, Bytes to);

    /** Writes a value; null removes it. */
    void put(Bytes key, byte @Nullable [] value);

    /** A value as of now. */
    @Override
    byte @Nullable [] get(Bytes key);
}
