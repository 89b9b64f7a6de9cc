package dev.tally.streams.topology;

import dev.tally.streams.state.IntervalCharge;
import dev.tally.streams.state.SplitKeys;
import dev.tally.streams.state.StoreKey;
import dev.tally.streams.state.WindowTotals;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * Removes windows that no accepted action can reach any more: by the lowest stream time of the intake partitions, never by a clock, in
 * slices so that no tick takes long.
 */
final class WindowExpiry {

    private static final int WINDOWS_PER_TICK = 200;
    private static final Duration LOOK_AGAIN_AFTER = Duration.ofDays(1);
    private static final byte[] PRESENT = {};

    private final AccountStores stores;
    private final AccountClock clock;
    private final Duration retention;

    WindowExpiry(AccountStores stores, AccountClock clock, Duration retention) {
        this.stores = stores;
        this.clock = clock;
        this.retention = retention;
    }

    void expire() {
        Optional<Instant> streamTime = clock.lowStreamTime();
        if (streamTime.isEmpty()) {
            return;
        }
        long bound = streamTime.get().minus(retention).toEpochMilli();
        List<Bytes> past = new ArrayList<>();
        try (KeyValueIterator<Bytes, byte[]> oldest = stores.expiry()
                .range(
                        StoreKey.key().number(Long.MIN_VALUE).bytes(),
                        StoreKey.key().number(bound).bytes())) {
            while (oldest.hasNext() && past.size() < WINDOWS_PER_TICK) {
                past.add(oldest.next().key);
            }
        }
        past.forEach(this::expire);
    }

    private void expire(Bytes index) {
        StoreKey.Reader entry = new StoreKey.Reader(index);
        long due = entry.number();
        Bytes windowKey = Bytes.wrap(entry.rest());
        StoreKey.Reader window = new StoreKey.Reader(windowKey);
        String subject = window.text();
        String meter = window.text();
        int kind = window.tag();
        long start = window.number();
        if (kind == WindowTotals.DAY) {
            StoreKey day = SplitKeys.day(subject, meter, Instant.ofEpochMilli(start));
            deleteRange(stores.splits(), day.bytes(), day.afterPrefix());
        } else {
            long end = WindowTotals.fromBytes(stores.windows().get(windowKey))
                    .end()
                    .toEpochMilli();
            Bytes first = IntervalCharge.key(subject, meter).number(start).bytes();
            Bytes last = IntervalCharge.key(subject, meter).number(end - 1).bytes();
            if (owesAnything(first, last)) {
                // Money is owed for it once its plan is known: what covers it must stay as it is.
                long again = due + LOOK_AGAIN_AFTER.toMillis();
                stores.expiry()
                        .put(StoreKey.key().number(again).raw(windowKey.get()).bytes(), PRESENT);
                stores.expiry().delete(index);
                return;
            }
            stores.charges().delete(windowKey);
            deleteRange(stores.intervals(), first, last);
        }
        stores.windows().delete(windowKey);
        stores.expiry().delete(index);
    }

    private boolean owesAnything(Bytes first, Bytes last) {
        try (KeyValueIterator<Bytes, byte[]> intervals = stores.intervals().range(first, last)) {
            while (intervals.hasNext()) {
                if (IntervalCharge.fromBytes(intervals.next().value).owes()) {
                    return true;
                }
            }
        }
        return false;
    }

    private static void deleteRange(KeyValueStore<Bytes, byte[]> store, Bytes from, Bytes to) {
        List<Bytes> keys = new ArrayList<>();
        try (KeyValueIterator<Bytes, byte[]> range = store.range(from, to)) {
            range.forEachRemaining(entry -> keys.add(entry.key));
        }
        keys.forEach(store::delete);
    }
}
