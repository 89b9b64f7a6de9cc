package dev.tally.streams.state;

import dev.tally.streams.metering.DeadLetterReason;
import org.apache.kafka.common.utils.Bytes;

/** Keys of the counters that the intake keeps. */
public final class CounterKeys {

    /** What is counted. */
    public enum Counter {
        READ(1),
        COUNTED(2),
        READ_ONLY(3),
        DUPLICATE(4),
        LATE(5),
        /** Records that went home from, or came home to, another partition; not an outcome. */
        TRAVELLED(6);

        private final int tag;

        Counter(int tag) {
            this.tag = tag;
        }
    }

    private static final int DEAD_LETTERED = 32;
    private static final int STREAM_TIME = 128;
    private static final int FLOOR = 130;
    private static final int ACTIONS_POSITION = 131;
    private static final int ACTIONS_HOME_POSITION = 132;
    private static final int WINDOWS_FROM = 133;
    private static final int METERS_APPLIED = 134;
    private static final int NOTED_SINCE = 135;
    private static final int NOTED_ACTIONS = 136;
    private static final int NOTED_ACTIONS_HOME = 137;

    private CounterKeys() {}

    /** Key of a counter of an origin partition. */
    public static Bytes key(int partition, Counter counter) {
        return StoreKey.key().number(partition).tag(counter.tag).bytes();
    }

    /** Key of the dead letters of one reason of an origin partition. */
    public static Bytes key(int partition, DeadLetterReason reason) {
        return StoreKey.key()
                .number(partition)
                .tag(DEAD_LETTERED + reason.number())
                .bytes();
    }

    /** Key of the highest accepted event time of an intake partition, in epoch milliseconds. */
    public static Bytes streamTimeKey(int partition) {
        return StoreKey.key().number(partition).tag(STREAM_TIME).bytes();
    }

    /** Key of the event time, in epoch milliseconds, before which this intake partition may have forgotten ids or windows. */
    public static Bytes floorKey(int partition) {
        return StoreKey.key().number(partition).tag(FLOOR).bytes();
    }

    /** Key of the start, in epoch milliseconds, of the oldest day window that has not expired. */
    public static Bytes windowsFromKey(int partition) {
        return StoreKey.key().number(partition).tag(WINDOWS_FROM).bytes();
    }

    /** The same in the store of the accounts stage's clock, which has numbers of its own before it. */
    public static Bytes accountWindowsFromKey() {
        return StoreKey.key().tag(WINDOWS_FROM).bytes();
    }

    /** Key of how far {@code actions} has been processed. */
    public static Bytes actionsPositionKey(int partition) {
        return StoreKey.key().number(partition).tag(ACTIONS_POSITION).bytes();
    }

    /** Key of what the intake has noted of the meters by which it counts actions of an origin partition. */
    public static Bytes metersAppliedKey(int partition) {
        return StoreKey.key().number(partition).tag(METERS_APPLIED).bytes();
    }

    /** Key of the time, in epoch milliseconds, since when an intake partition has taken notes; 0 where it always has. */
    public static Bytes notedSinceKey(int partition) {
        return StoreKey.key().number(partition).tag(NOTED_SINCE).bytes();
    }

    /** Key of how far {@code actions-home} has been processed. */
    public static Bytes actionsHomePositionKey(int partition) {
        return StoreKey.key().number(partition).tag(ACTIONS_HOME_POSITION).bytes();
    }

    /** Key of how far {@code actions} has been processed with notes: as far as at all, unless a release that takes none went on. */
    public static Bytes notedActionsKey(int partition) {
        return StoreKey.key().number(partition).tag(NOTED_ACTIONS).bytes();
    }

    /** The same of {@code actions-home}. */
    public static Bytes notedActionsHomeKey(int partition) {
        return StoreKey.key().number(partition).tag(NOTED_ACTIONS_HOME).bytes();
    }
}
