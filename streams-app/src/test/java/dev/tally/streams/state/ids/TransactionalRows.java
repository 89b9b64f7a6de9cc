package dev.tally.streams.state.ids;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import org.apache.kafka.common.utils.Bytes;
import org.jspecify.annotations.Nullable;

/** Rows in memory whose changes since the last commit can be taken back, as an aborted transaction's are. */
final class TransactionalRows implements Rows {

    private final TreeMap<Bytes, byte[]> rows = new TreeMap<>();
    private final Map<Bytes, Optional<byte[]>> before = new HashMap<>();
    int reads;
    int rangeReads;
    int writes;

    void commit() {
        before.clear();
    }

    void rollback() {
        before.forEach((key, value) -> value.ifPresentOrElse(bytes -> rows.put(key, bytes), () -> rows.remove(key)));
        before.clear();
    }

    int size() {
        return rows.size();
    }

    @Override
    public byte @Nullable [] get(Bytes key) {
        reads++;
        return rows.get(key);
    }

    @Override
    public void put(Bytes key, byte[] value) {
        writes++;
        before.putIfAbsent(key, Optional.ofNullable(rows.get(key)));
        rows.put(key, value);
    }

    @Override
    public void delete(Bytes key) {
        writes++;
        before.putIfAbsent(key, Optional.ofNullable(rows.get(key)));
        rows.remove(key);
    }

    @Override
    public void range(Bytes from, Bytes to, BiConsumer<Bytes, byte[]> row) {
        rows.subMap(from, true, to, true).forEach((key, value) -> {
            rangeReads++;
            row.accept(key, value);
        });
    }
}
