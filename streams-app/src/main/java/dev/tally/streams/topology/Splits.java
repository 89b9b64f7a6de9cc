package dev.tally.streams.topology;

import dev.tally.schemas.UsageRow;
import dev.tally.streams.metering.Amounts;
import dev.tally.streams.state.Numbers;
import dev.tally.streams.state.SplitKeys;
import dev.tally.streams.state.SplitKeys.SplitBy;
import java.time.Instant;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/** An org's day windows split by one dimension at a time; the rows of a day and dimension add up to the day's total. */
public final class Splits {

    /** Row of actions without the dimension. */
    public static final String NONE = "(none)";

    /** Row of what came after a day had {@link #MAX_KEYS} rows. */
    public static final String OTHER = "(other)";

    /** Rows of one day and dimension. */
    public static final int MAX_KEYS = 1_000;

    private final KeyValueStore<Bytes, byte[]> store;

    Splits(KeyValueStore<Bytes, byte[]> store) {
        this.store = store;
    }

    void add(String subject, UsageRow usage, String meter, long amount) {
        for (SplitBy by : SplitBy.values()) {
            String value = valueOf(by, usage);
            add(new Day(subject, meter, usage.getDay(), by), value == null ? NONE : value, amount);
        }
    }

    /** One dimension of one day. */
    private record Day(String subject, String meter, Instant start, SplitBy by) {}

    private void add(Day day, String row, long amount) {
        Bytes key = SplitKeys.rows(day.subject(), day.meter(), day.start(), day.by())
                .text(row)
                .bytes();
        byte[] before = store.get(key);
        if (before == null && !row.equals(OTHER) && !roomForMore(day)) {
            add(day, OTHER, amount);
            return;
        }
        store.put(key, Numbers.toBytes(Amounts.plus(Numbers.orElse(before, 0), amount)));
    }

    private boolean roomForMore(Day day) {
        Bytes key = SplitKeys.rowCount(day.subject(), day.meter(), day.start(), day.by())
                .bytes();
        long rows = Numbers.orElse(store.get(key), 0);
        if (rows >= MAX_KEYS) {
            return false;
        }
        store.put(key, Numbers.toBytes(rows + 1));
        return true;
    }

    private static @Nullable String valueOf(SplitBy by, UsageRow row) {
        return switch (by) {
            case MEMBER -> row.getUserId();
            case SPACE -> row.getSpaceId();
            case MODEL -> row.getModel();
            case ACTION -> row.getActionType();
            case TRIGGER -> row.getTrigger();
        };
    }
}
