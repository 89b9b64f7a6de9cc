package dev.tally.streams.topology;

import dev.tally.streams.metering.BillingCalendar;
import dev.tally.streams.state.HeapCells;
import dev.tally.streams.state.HeapCells.Cell;
import dev.tally.streams.state.StoreKey;
import dev.tally.streams.state.Totals;
import dev.tally.streams.state.WindowKeys;
import dev.tally.streams.state.WriteBackStore;
import dev.tally.streams.topology.IntakeUsers.User;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.KeyValueIterator;

/** The users' day windows at their home partition. A window expires by the partition's own stream time, never by a clock. */
final class UserDays {

    private static final long DAY_MILLIS = Duration.ofDays(1).toMillis();
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

    /**
     * The day that a user had an action in last.
     *
     * @param of whose cells these are: a task that is suspended and resumed has new ones
     * @param start in epoch milliseconds
     * @param generation of the cells: a cell is good as long as it does not change
     */
    record Recent(UserDays of, long start, int generation, Cell<Totals> cell) {}

    /** A user's day. */
    Cell<Totals> day(User user, Instant at) {
        long start = Math.floorDiv(at.toEpochMilli(), DAY_MILLIS) * DAY_MILLIS;
        Recent recent = user.recentDay();
        if (recent == null
                || recent.of() != this
                || recent.start() != start
                || recent.generation() != days.generation()) {
            Cell<Totals> cell = days.cell(WindowKeys.userDay(user.id(), Instant.ofEpochMilli(start)));
            recent = new Recent(this, start, days.generation(), cell);
            user.recentDay(recent);
        }
        return recent.cell();
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
