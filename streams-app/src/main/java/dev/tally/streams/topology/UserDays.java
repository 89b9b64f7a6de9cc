package dev.tally.streams.topology;

import dev.tally.streams.metering.BillingCalendar;
import dev.tally.streams.state.DayCount;
import dev.tally.streams.state.StoreKey;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/** The users' day windows at their home partition. A window expires by the partition's own stream time, never by a clock. */
final class UserDays {

    private static final int EXPIRE_PER_TICK = 1_000;
    private static final byte[] PRESENT = {};

    private final KeyValueStore<Bytes, byte[]> days;
    private final KeyValueStore<Bytes, byte[]> expiry;
    private final Duration retention;

    UserDays(KeyValueStore<Bytes, byte[]> days, KeyValueStore<Bytes, byte[]> expiry, Duration retention) {
        this.days = days;
        this.expiry = expiry;
        this.retention = retention;
    }

    void add(String userId, String meter, Instant at, long amount, boolean pays) {
        long day = BillingCalendar.day(at).start().toEpochMilli();
        Bytes key = DayCount.key(userId, meter).number(day).bytes();
        DayCount before = DayCount.ofNullable(days.get(key));
        if (before == null) {
            expiry.put(StoreKey.key().number(day).raw(key.get()).bytes(), PRESENT);
        }
        days.put(key, DayCount.plus(before, amount, pays, at).toBytes());
    }

    void expire(Instant streamTime) {
        long bound = streamTime.minus(retention).minus(Duration.ofDays(1)).toEpochMilli();
        List<Bytes> past = new ArrayList<>();
        try (KeyValueIterator<Bytes, byte[]> oldest = expiry.range(
                StoreKey.key().number(Long.MIN_VALUE).bytes(),
                StoreKey.key().number(bound).bytes())) {
            while (oldest.hasNext() && past.size() < EXPIRE_PER_TICK) {
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
