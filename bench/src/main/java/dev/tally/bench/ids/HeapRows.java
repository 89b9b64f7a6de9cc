package dev.tally.bench.ids;

import dev.tally.streams.state.ids.Rows;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import org.apache.kafka.common.utils.Bytes;
import org.jspecify.annotations.Nullable;

/** Rows on the heap: about 18 bytes per id. */
final class HeapRows implements Rows {

    private final NavigableMap<Bytes, byte[]> rows = new TreeMap<>();

    @Override
    public byte @Nullable [] get(Bytes key) {
        return rows.get(key);
    }

    @Override
    public void put(Bytes key, byte[] value) {
        rows.put(key, value);
    }

    @Override
    public void delete(Bytes key) {
        rows.remove(key);
    }

    @Override
    public void range(Bytes from, Bytes to, BiConsumer<Bytes, byte[]> row) {
        rows.subMap(from, true, to, false).forEach(row);
    }

    void forEach(BiConsumer<Bytes, byte[]> row) {
        rows.forEach(row);
    }
}
