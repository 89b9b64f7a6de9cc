package dev.tally.streams.topology;

import dev.tally.streams.state.Numbers;
import dev.tally.streams.state.WriteBackStore;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.utils.Bytes;
import org.jspecify.annotations.Nullable;

/**
 * Numbers of a task, kept in its store in the transaction that moves the records: a re-read record is counted once, also after a
 * crash. A counter of outcomes belongs to the partition of {@code actions} where a record was first read, wherever its user's home is.
 */
final class Counters {

    private final Map<Bytes, Count> counts = new HashMap<>();
    private final Map<Bytes, Count> passing = new HashMap<>();
    private final List<Count> changed = new ArrayList<>();
    private final List<ReadPosition> positions = new ArrayList<>();
    private final WriteBackStore store;

    /** The counters over a store, the same for all processors of its task. */
    static Counters of(WriteBackStore store) {
        return store.companion(Counters.class, () -> new Counters(store));
    }

    private Counters(WriteBackStore store) {
        this.store = store;
    }

    /** One number. */
    final class Count {
        private final Bytes key;
        private long value;
        private boolean known;
        private boolean dirty;

        private Count(Bytes key, byte @Nullable [] stored) {
            this.key = key;
            this.known = stored != null;
            this.value = stored == null ? 0 : Numbers.fromBytes(stored);
        }

        void add(long more) {
            set(value + more);
        }

        void set(long newValue) {
            value = newValue;
            known = true;
            if (!dirty) {
                dirty = true;
                changed.add(this);
            }
        }

        /** Sets it where it is lower, or not known. */
        void raise(long to) {
            if (!known || value < to) {
                set(to);
            }
        }

        /** The number; {@code absent} where it was never set. */
        long orElse(long absent) {
            return known ? value : absent;
        }

        /** The number; null where it was never set. */
        @Nullable
        Long get() {
            return known ? value : null;
        }
    }

    /** The number of a key that is one of many, such as those of payers: not to be held, it leaves the heap with the next drain. */
    Count passingCount(Bytes key) {
        Count count = passing.get(key);
        if (count == null) {
            count = new Count(key, store.get(key));
            passing.put(key, count);
        }
        return count;
    }

    /** How many numbers are on the heap. */
    int onHeap() {
        return counts.size() + passing.size();
    }

    /** The number of a key. */
    Count count(Bytes key) {
        Count count = counts.get(key);
        if (count == null) {
            count = new Count(key, store.get(key));
            counts.put(key, count);
        }
        return count;
    }

    /** A position that is saved with the counters. */
    ReadPosition position(Bytes key, String name) {
        return saved(new ReadPosition(key, name, store::get, store::put));
    }

    /** The same, saved under another key too, unless the two have come apart: that is for whoever keeps the other to end. */
    ReadPosition position(Bytes key, Bytes other, String name) {
        return saved(new ReadPosition(key, name, store::get, (to, bytes) -> {
            boolean together = Arrays.equals(store.get(to), store.get(other));
            store.put(to, bytes);
            if (together) {
                store.put(other, bytes);
            }
        }));
    }

    private ReadPosition saved(ReadPosition position) {
        positions.add(position);
        return position;
    }

    void drain() {
        positions.forEach(ReadPosition::save);
        for (Count count : changed) {
            store.put(count.key, Numbers.toBytes(count.value));
            count.dirty = false;
        }
        changed.clear();
        passing.clear();
    }
}
