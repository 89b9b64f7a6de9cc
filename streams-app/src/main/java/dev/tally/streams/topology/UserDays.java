package dev.tally.streams.topology;

import dev.tally.streams.metering.Action;
import dev.tally.streams.metering.Amounts;
import dev.tally.streams.metering.BillingCalendar;
import dev.tally.streams.state.DayCount;
import dev.tally.streams.state.StoreKey;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/** The users' day windows at their home partition. A window expires by the partition's own stream time, never by a clock. */
final class UserDays {

    private static final int EXPIRE_AT_LEAST = 1_000;
    private static final byte[] PRESENT = {};

    private final KeyValueStore<Bytes, byte[]> days;
    private final KeyValueStore<Bytes, byte[]> expiry;
    private final Duration retention;
    private int begun;

    UserDays(KeyValueStore<Bytes, byte[]> days, KeyValueStore<Bytes, byte[]> expiry, Duration retention) {
        this.days = days;
        this.expiry = expiry;
        this.retention = retention;
    }

    /** A meter of which the user's day cannot hold this action's amount any more. */
    Optional<String> meterWithoutRoom(Action action, Map<String, Long> amounts) {
        long day = dayOf(action.occurredAt());
        return amounts.entrySet().stream()
                .filter(amount -> {
                    DayCount before = DayCount.ofNullable(days.get(key(action.userId(), amount.getKey(), day)));
                    return before != null && before.used() + amount.getValue() > Amounts.MOST_OF_A_USER_IN_A_DAY;
                })
                .map(Map.Entry::getKey)
                .findFirst();
    }

    void add(String userId, String meter, Instant at, long amount, boolean pays) {
        long day = dayOf(at);
        Bytes key = key(userId, meter, day);
        DayCount before = DayCount.ofNullable(days.get(key));
        if (before == null) {
            expiry.put(StoreKey.key().number(day).raw(key.get()).bytes(), PRESENT);
            begun++;
        }
        days.put(key, DayCount.plus(before, amount, pays, at).toBytes());
    }

    private static long dayOf(Instant at) {
        return BillingCalendar.day(at).start().toEpochMilli();
    }

    private static Bytes key(String userId, String meter, long day) {
        return DayCount.key(userId, meter).number(day).bytes();
    }

    /** Removes days past the retention: in slices, but faster than new ones begin. */
    void expire(Instant streamTime) {
        int most = Math.max(EXPIRE_AT_LEAST, 2 * begun);
        begun = 0;
        long bound = streamTime.minus(retention).minus(Duration.ofDays(1)).toEpochMilli();
        List<Bytes> past = new ArrayList<>();
        try (KeyValueIterator<Bytes, byte[]> oldest = expiry.range(
                StoreKey.key().number(Long.MIN_VALUE).bytes(),
                StoreKey.key().number(bound).bytes())) {
            while (oldest.hasNext() && past.size() < most) {
                past.add(oldest.next().key);
            }
        }
        for (Bytes index : past) {
            StoreKey.Reader reader = new StoreKey.Reader(index);
            reader.number();
            days.delete(Bytes.wrap(reader.rest()));
            expiry.delete(index);
        }
    }
}
