package dev.tally.streams.topology;

import dev.tally.streams.metering.Amounts;
import dev.tally.streams.metering.BillingCalendar;
import dev.tally.streams.state.HeapCells;
import dev.tally.streams.state.HeapCells.Cell;
import dev.tally.streams.state.StoreKey;
import dev.tally.streams.state.Totals;
import dev.tally.streams.state.WriteBackStore;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.KeyValueIterator;

/** The users' day windows at their home partition. A window expires by the partition's own stream time, never by a clock. */
final class UserDays {

    private static final int KEEP = 100_000;
    private static final int EXPIRE_AT_LEAST = 1_000;

    private final WriteBackStore store;
    private final HeapCells<Totals> days;
    private final Duration retention;
    private int changed;

    UserDays(WriteBackStore store, Duration retention) {
        this.store = store;
        this.days =
                new HeapCells<>(store, new HeapCells.Layout<>(Totals::toBytes, Totals::fromBytes, Totals.NONE), KEEP);
        this.retention = retention;
        store.overlay(days);
    }

    /** A user's day. */
    Cell<Totals> day(Bytes key) {
        return days.cell(key);
    }

    /** The index of a meter of which a day cannot hold this amount any more; -1 when there is room for all. */
    static int full(Totals day, List<String> meters, long[] amounts) {
        for (int i = 0; i < amounts.length; i++) {
            if (amounts[i] > 0 && day.used(meters.get(i)) > Amounts.MOST_OF_A_USER_IN_A_DAY - amounts[i]) {
                return i;
            }
        }
        return -1;
    }

    void set(Cell<Totals> day, Totals totals) {
        days.set(day, totals);
        changed++;
    }

    void writeBack() {
        days.writeBack((day, before) -> {});
    }

    /**
     * Removes days past the retention: in slices, but faster than new ones begin.
     *
     * @return the start of the oldest day that stays
     */
    Instant expire(Instant streamTime) {
        int most = Math.max(EXPIRE_AT_LEAST, 2 * changed);
        changed = 0;
        Instant oldest = BillingCalendar.day(streamTime.minus(retention)).start();
        List<Bytes> past = new ArrayList<>();
        try (KeyValueIterator<Bytes, byte[]> begun = store.storedRange(
                StoreKey.key().number(Long.MIN_VALUE).bytes(),
                StoreKey.key().number(oldest.toEpochMilli()).bytes())) {
            while (begun.hasNext() && past.size() < most) {
                past.add(begun.next().key);
            }
        }
        past.forEach(days::remove);
        return oldest;
    }
}
