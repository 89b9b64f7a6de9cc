package dev.tally.streams.state;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.apache.kafka.common.utils.Bytes;
import org.jspecify.annotations.Nullable;

/**
 * Values of a store that its stream thread works on, on the heap: read from the store once, changed there as often as need be, written
 * back once before the commit. Queries see each change at once, from other threads, without holding the writer up: a value is immutable,
 * and replaced whole.
 */
@SuppressWarnings(
        "ReferenceEquality") // a value is replaced whole: the same object is the same value, and comparing it costs
// nothing
public final class HeapCells<V> implements WriteBackStore.Overlay {

    // Two generations: what was not used in the recent one goes with the older one.
    private volatile Map<Bytes, Cell<V>> recent = new ConcurrentHashMap<>();
    private volatile Map<Bytes, Cell<V>> older = new ConcurrentHashMap<>();
    private final List<Cell<V>> changed = new ArrayList<>();
    private final WriteBackStore store;
    private final Layout<V> layout;
    private final int keep;
    private int generation;

    /**
     * How values are stored.
     *
     * @param absent what stands for a value that is not there
     */
    public record Layout<V>(Function<V, byte[]> toBytes, Function<byte[], V> fromBytes, V absent) {}

    /** A value and its key. */
    public static final class Cell<V> {
        private final Bytes key;
        private volatile V value;
        private V written;

        private Cell(Bytes key, V value) {
            this.key = key;
            this.value = value;
            this.written = value;
        }

        /** The key in the store. */
        public Bytes key() {
            return key;
        }

        /** The value as of now. */
        public V value() {
            return value;
        }

        /** The value as of the last write-back. */
        public V written() {
            return written;
        }
    }

    /**
     * Cells over a store.
     *
     * @param keep about how many unchanged values stay on the heap
     */
    public HeapCells(WriteBackStore store, Layout<V> layout, int keep) {
        this.store = store;
        this.layout = layout;
        this.keep = keep;
    }

    /** Changes whenever cells leave the heap, so that one found before may no longer be the one of its key. */
    public int generation() {
        return generation;
    }

    /** The cell of a key. To be held only as long as {@link #generation} stays the same. */
    public Cell<V> cell(Bytes key) {
        Cell<V> found = recent.get(key);
        if (found == null) {
            found = older.get(key);
            if (found == null) {
                byte[] stored = store.stored(key);
                found = new Cell<>(
                        key,
                        stored == null ? layout.absent() : layout.fromBytes().apply(stored));
            }
            recent.put(found.key, found);
        }
        return found;
    }

    /** Replaces a value. */
    public void set(Cell<V> cell, V value) {
        if (cell.value == cell.written) {
            changed.add(cell);
        }
        cell.value = value;
    }

    /** Whether a value was replaced since the last write-back. */
    public boolean isChanged(Bytes key) {
        // What changes has been asked for since then, so it is never among the older ones.
        Cell<V> cell = recent.get(key);
        return cell != null && cell.value != cell.written;
    }

    /** Removes a value from the heap and from the store. A changed one stays: it is yet to be told of, and may be removed after that. */
    public void remove(Bytes key) {
        if (isChanged(key)) {
            return;
        }
        generation++;
        store.put(key, null);
        recent.remove(key);
        older.remove(key);
    }

    /**
     * Writes every changed value back.
     *
     * @param each told of each of them, before it counts as written
     */
    public void writeBack(BiConsumer<Cell<V>, V> each) {
        for (Cell<V> cell : changed) {
            each.accept(cell, cell.written);
            store.put(
                    cell.key,
                    cell.value == layout.absent() ? null : layout.toBytes().apply(cell.value));
            cell.written = cell.value;
        }
        changed.clear();
        if (recent.size() > keep / 2) {
            generation++;
            // A query that no longer finds a value here finds it in the store.
            older = recent;
            recent = new ConcurrentHashMap<>();
        }
    }

    @Override
    public byte @Nullable [] get(Bytes key) {
        Cell<V> cell = recent.get(key);
        cell = cell == null ? older.get(key) : cell;
        return cell == null || cell.value == layout.absent()
                ? null
                : layout.toBytes().apply(cell.value);
    }

    @Override
    public void putRange(Bytes from, Bytes to, NavigableMap<Bytes, byte[]> into) {
        for (Map<Bytes, Cell<V>> generation : List.of(recent, older)) {
            generation.forEach((key, cell) -> {
                if (key.compareTo(from) >= 0 && key.compareTo(to) <= 0 && cell.value != layout.absent()) {
                    into.put(key, layout.toBytes().apply(cell.value));
                }
            });
        }
    }
}
