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
        long end = entry.number();
        Bytes windowKey = Bytes.wrap(entry.rest());
        StoreKey.Reader window = new StoreKey.Reader(windowKey);
        String subject = window.text();
        String meter = window.text();
        int kind = window.tag();
        long start = window.number();
        stores.windows().delete(windowKey);
        if (kind == WindowTotals.DAY) {
            StoreKey day = SplitKeys.day(subject, meter, Instant.ofEpochMilli(start));
            deleteRange(stores.splits(), day.bytes(), day.afterPrefix());
        } else {
            stores.charges().delete(windowKey);
            deleteRange(
                    stores.intervals(),
                    IntervalCharge.key(subject, meter).number(start).bytes(),
                    IntervalCharge.key(subject, meter).number(end - 1).bytes());
        }
        stores.expiry().delete(index);
    }

    private static void deleteRange(KeyValueStore<Bytes, byte[]> store, Bytes from, Bytes to) {
        List<Bytes> keys = new ArrayList<>();
        try (KeyValueIterator<Bytes, byte[]> range = store.range(from, to)) {
            range.forEachRemaining(entry -> keys.add(entry.key));
        }
        keys.forEach(store::delete);
    }
}
