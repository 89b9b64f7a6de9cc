package dev.tally.streams.query;

import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.state.QueryableStoreType;
import org.apache.kafka.streams.state.QueryableStoreTypes;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;
import org.apache.kafka.streams.state.internals.StateStoreProvider;

/** The store of one task itself. What Kafka Streams' own types give instead goes through all tasks of all threads, locked, for each read. */
final class OneStore implements QueryableStoreType<ReadOnlyKeyValueStore<Bytes, byte[]>> {

    private final QueryableStoreType<ReadOnlyKeyValueStore<Bytes, byte[]>> keyValue =
            QueryableStoreTypes.keyValueStore();

    @Override
    public boolean accepts(StateStore store) {
        return keyValue.accepts(store);
    }

    /** @throws org.apache.kafka.streams.errors.InvalidStateStoreException when it is not here */
    @Override
    public ReadOnlyKeyValueStore<Bytes, byte[]> create(StateStoreProvider provider, String name) {
        return provider.stores(name, this).getFirst();
    }
}
