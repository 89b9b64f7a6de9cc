package dev.tally.streams.topology;

import dev.tally.schemas.Tick;
import dev.tally.streams.state.Numbers;
import dev.tally.streams.state.StoreKey;
import java.time.Instant;
import java.util.Optional;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.KeyValueStore;

/** Time as one partition of the subject log tells it. */
final class AccountClock {

    private static final int WATERMARK = 1;
    private static final int STREAM_TIME = 2;
    private static final int LOG_TIME = 3;
    private static final int SEQUENCE = 4;
    private static final int READ_POSITION = 5;

    /** Key of how far this partition of the subject log has been applied. */
    static final Bytes POSITION = StoreKey.key().tag(READ_POSITION).bytes();

    private final KeyValueStore<Bytes, byte[]> store;
    private final int intakePartitions;
    private final Bytes logTimeKey = StoreKey.key().tag(LOG_TIME).bytes();

    AccountClock(KeyValueStore<Bytes, byte[]> store, int intakePartitions) {
        this.store = store;
        this.intakePartitions = intakePartitions;
    }

    /** Log time goes on with every record of the log: brokers stamp them as they append. */
    void observe(Instant appendedAt) {
        raise(logTimeKey, appendedAt);
    }

    void tick(Tick tick) {
        raise(key(WATERMARK, tick.getIntakePartition()), tick.getWatermark());
        if (tick.getStreamTime() != null) {
            raise(key(STREAM_TIME, tick.getIntakePartition()), tick.getStreamTime());
        }
        raise(logTimeKey, tick.getAt());
    }

    /** Highest append time in the log so far, or time of a tick; the epoch before the first. */
    Instant logTime() {
        return Instant.ofEpochMilli(Numbers.orElse(store.get(logTimeKey), 0));
    }

    /** The lowest watermark of all intake partitions; empty until all have spoken. */
    Optional<Instant> lowWatermark() {
        return lowest(WATERMARK);
    }

    /** The lowest stream time of all intake partitions; empty until all have accepted an action. */
    Optional<Instant> lowStreamTime() {
        return lowest(STREAM_TIME);
    }

    /** The next number of a payer's facts of a meter, from 1. */
    long nextSequence(String payer, String meter) {
        Bytes key = StoreKey.key().tag(SEQUENCE).text(payer).text(meter).bytes();
        long next = Numbers.orElse(store.get(key), 0) + 1;
        store.put(key, Numbers.toBytes(next));
        return next;
    }

    private Optional<Instant> lowest(int kind) {
        long lowest = Long.MAX_VALUE;
        for (int partition = 0; partition < intakePartitions; partition++) {
            byte[] value = store.get(key(kind, partition));
            if (value == null) {
                return Optional.empty();
            }
            lowest = Math.min(lowest, Numbers.fromBytes(value));
        }
        return Optional.of(Instant.ofEpochMilli(lowest));
    }

    private void raise(Bytes key, Instant to) {
        if (Numbers.orElse(store.get(key), Long.MIN_VALUE) < to.toEpochMilli()) {
            store.put(key, Numbers.toBytes(to.toEpochMilli()));
        }
    }

    private static Bytes key(int kind, int partition) {
        return StoreKey.key().tag(kind).number(partition).bytes();
    }
}
