package dev.tally.streams.topology;

import dev.tally.streams.state.WriteBackStore;
import dev.tally.streams.state.ids.Rows;
import java.util.function.BiConsumer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.jspecify.annotations.Nullable;

/** The rows of the memory of ids, in a changelogged store. */
record StoredRows(WriteBackStore store) implements Rows {

    @Override
    public byte @Nullable [] get(Bytes key) {
        return store.stored(key);
    }

    @Override
    public void put(Bytes key, byte[] value) {
        store.put(key, value);
    }

    @Override
    public void delete(Bytes key) {
        store.put(key, null);
    }

    @Override
    public void range(Bytes from, Bytes to, BiConsumer<Bytes, byte[]> row) {
        try (KeyValueIterator<Bytes, byte[]> rows = store.storedRange(from, to)) {
            while (rows.hasNext()) {
                KeyValue<Bytes, byte[]> next = rows.next();
                row.accept(next.key, next.value);
            }
        }
    }
}
