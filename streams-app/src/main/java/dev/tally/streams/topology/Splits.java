package dev.tally.streams.topology;

import dev.tally.schemas.SplitDimension;
import dev.tally.streams.state.HeapCells;
import dev.tally.streams.state.HeapCells.Cell;
import dev.tally.streams.state.HeapCells.Layout;
import dev.tally.streams.state.Numbers;
import dev.tally.streams.state.StoreKey;
import dev.tally.streams.state.Totals;
import dev.tally.streams.state.WindowKeys;
import dev.tally.streams.state.WindowKeys.SplitBy;
import dev.tally.streams.state.WriteBackStore;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.jspecify.annotations.Nullable;

/** An org's day windows split by one dimension at a time; the rows of a day and dimension add up to the day's total. */
public final class Splits {

    /** Row of actions without the dimension. */
    public static final String NONE = "(none)";

    /** Row of what came after a day had {@link #MAX_KEYS} rows. */
    public static final String OTHER = "(other)";

    /** Rows of one day and dimension. */
    public static final int MAX_KEYS = 1_000;

    private static final int KEEP = 50_000;

    private final WriteBackStore store;
    private final HeapCells<Totals> rows;
    private final HeapCells<Long> rowCounts;

    Splits(WriteBackStore store) {
        this.store = store;
        rows = new HeapCells<>(store, new Layout<>(Totals::toBytes, Totals::fromBytes, Totals.NONE), KEEP);
        rowCounts = new HeapCells<>(store, new Layout<>(Numbers::toBytes, Numbers::fromBytes, 0L), KEEP);
        store.overlay(rows);
    }

    /** Adds what one value of a dimension has of a day. */
    void add(String org, Instant day, SplitDimension by, @Nullable String value, List<String> meters, long[] amounts) {
        dimension(by).ifPresent(known -> add(org, day, known, value == null ? NONE : value, meters, amounts));
    }

    private void add(String org, Instant day, SplitBy by, String row, List<String> meters, long[] amounts) {
        if (Arrays.stream(amounts).allMatch(amount -> amount == 0)) {
            // A row of nothing is no row, and would take the room of one each time.
            return;
        }
        Cell<Totals> cell =
                rows.cell(WindowKeys.splitRows(day, org, by).text(row).bytes());
        if (cell.value().isEmpty() && !row.equals(OTHER) && !roomForMore(org, day, by)) {
            add(org, day, by, OTHER, meters, amounts);
            return;
        }
        rows.set(cell, cell.value().plus(meters, amounts, false, new long[amounts.length]));
    }

    private boolean roomForMore(String org, Instant day, SplitBy by) {
        Cell<Long> count = rowCounts.cell(WindowKeys.splitRowCount(day, org, by));
        if (count.value() >= MAX_KEYS) {
            return false;
        }
        rowCounts.set(count, count.value() + 1);
        return true;
    }

    private static Optional<SplitBy> dimension(SplitDimension by) {
        return switch (by) {
            case MEMBER -> Optional.of(SplitBy.MEMBER);
            case SPACE -> Optional.of(SplitBy.SPACE);
            case MODEL -> Optional.of(SplitBy.MODEL);
            case ACTION -> Optional.of(SplitBy.ACTION);
            case TRIGGER -> Optional.of(SplitBy.TRIGGER);
            case OTHER -> Optional.empty();
        };
    }

    void writeBack() {
        rows.writeBack((cell, before) -> {});
        rowCounts.writeBack((cell, before) -> {});
    }

    /** Removes a day of an org. */
    void expire(Instant day, String org) {
        StoreKey prefix = WindowKeys.splits(day, org);
        List<Bytes> keys = new ArrayList<>();
        try (KeyValueIterator<Bytes, byte[]> range = store.storedRange(prefix.bytes(), prefix.afterPrefix())) {
            range.forEachRemaining(entry -> keys.add(entry.key));
        }
        keys.forEach(key -> {
            rows.remove(key);
            rowCounts.remove(key);
        });
    }
}
