package dev.tally.streams.topology;

import dev.tally.schemas.Tick;
import dev.tally.streams.state.CounterKeys;
import dev.tally.streams.state.StoreKey;
import dev.tally.streams.state.WriteBackStore;
import java.time.Instant;
import java.util.Optional;
import org.apache.kafka.common.utils.Bytes;

/** Time as one partition of the subject log tells it. */
final class AccountClock {

    private static final int WATERMARK = 1;
    private static final int STREAM_TIME = 2;
    private static final int LOG_TIME = 3;
    private static final int SEQUENCE = 4;
    private static final int READ_POSITION = 5;

    private final Counters numbers;
    private final Counters.Count logTime;
    private final ReadPosition position;
    private final int intakePartitions;

    /** @param name topic and partition, for messages */
    AccountClock(WriteBackStore store, int intakePartitions, String name) {
        this.numbers = Counters.of(store);
        this.logTime = numbers.count(StoreKey.key().tag(LOG_TIME).bytes());
        this.position = numbers.position(StoreKey.key().tag(READ_POSITION).bytes(), name);
        this.intakePartitions = intakePartitions;
    }

    /** Whether a record of the log has not been applied yet; if so it now counts as applied. */
    boolean moveTo(long offset, long appendedAt) {
        return position.moveTo(offset, appendedAt);
    }

    void writeBack() {
        numbers.drain();
    }

    /** Log time goes on with every record of the log: brokers stamp them as they append. */
    void observe(Instant appendedAt) {
        logTime.raise(appendedAt.toEpochMilli());
    }

    /**
     * An intake partition's sign of life. Where it is idle, its watermark is the time at which the sign was appended: a clock of one
     * instance that is wrong concerns nobody else.
     */
    void tick(Tick tick, Instant appendedAt) {
        raise(key(WATERMARK, tick.getIntakePartition()), tick.getIdle() ? appendedAt : tick.getWatermark());
        if (tick.getStreamTime() != null) {
            raise(key(STREAM_TIME, tick.getIntakePartition()), tick.getStreamTime());
        }
    }

    /** Highest append time in the log so far; the epoch before the first. */
    Instant logTime() {
        return Instant.ofEpochMilli(logTime.orElse(0));
    }

    /** Days before this one have expired. */
    void expired(Instant oldest) {
        raise(CounterKeys.accountWindowsFromKey(), oldest);
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
        Counters.Count sequence = sequence(payer, meter);
        sequence.add(1);
        return sequence.orElse(0);
    }

    /** Numbers up to this one were given out before. */
    void sequenceFrom(String payer, String meter, long sequence) {
        sequence(payer, meter).raise(sequence);
    }

    private Counters.Count sequence(String payer, String meter) {
        return numbers.passingCount(
                StoreKey.key().tag(SEQUENCE).text(payer).text(meter).bytes());
    }

    private Optional<Instant> lowest(int kind) {
        long lowest = Long.MAX_VALUE;
        for (int partition = 0; partition < intakePartitions; partition++) {
            Long value = numbers.count(key(kind, partition)).get();
            if (value == null) {
                return Optional.empty();
            }
            lowest = Math.min(lowest, value);
        }
        return Optional.of(Instant.ofEpochMilli(lowest));
    }

    private void raise(Bytes key, Instant to) {
        numbers.count(key).raise(to.toEpochMilli());
    }

    private static Bytes key(int kind, int partition) {
        return StoreKey.key().tag(kind).number(partition).bytes();
    }
}
