package dev.tally.streams.topology;

import dev.tally.streams.state.Numbers;
import dev.tally.streams.state.WriteBackStore;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.utils.Bytes;
import org.jspecify.annotations.Nullable;

/**
 * Counters of the intake, kept in its store in the transaction that moves the records: a re-read record is counted once, also after a
 * crash. A counter belongs to the partition of {@code actions} where a record was first read, wherever its user's home is.
 */
final class Counters {

    private final Map<Bytes, Long> dirty = new HashMap<>();
    private final Map<Bytes, Long> known = new HashMap<>();
    private final List<ReadPosition> positions = new ArrayList<>();
    private final WriteBackStore store;

    /** The counters over a store, the same for all processors of its task. */
    static Counters of(WriteBackStore store) {
        return store.companion(Counters.class, () -> new Counters(store));
    }

    private Counters(WriteBackStore store) {
        this.store = store;
    }

    void add(Bytes key, long more) {
        Long before = get(key);
        set(key, (before == null ? 0 : before) + more);
    }

    void set(Bytes key, long value) {
        known.put(key, value);
        dirty.put(key, value);
    }

    @Nullable
    Long get(Bytes key) {
        Long cached = known.get(key);
        if (cached == null) {
            byte[] stored = store.get(key);
            if (stored == null) {
                return null;
            }
            cached = Numbers.fromBytes(stored);
            known.put(key, cached);
        }
        return cached;
    }

    /** A position that is saved with the counters. */
    ReadPosition position(Bytes key, String name) {
        ReadPosition position = new ReadPosition(key, name, store::get, store::put);
        positions.add(position);
        return position;
    }

    void drain() {
        positions.forEach(ReadPosition::save);
        dirty.forEach((key, value) -> store.put(key, Numbers.toBytes(value)));
        dirty.clear();
    }
}
