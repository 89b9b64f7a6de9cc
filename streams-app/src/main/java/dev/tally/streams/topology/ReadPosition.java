package dev.tally.streams.topology;

import java.nio.ByteBuffer;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.apache.kafka.common.utils.Bytes;
import org.jspecify.annotations.Nullable;

/**
 * How far a topic's partition has been processed, kept beside the state it went into, in the same transaction.
 *
 * <p>The group's committed offset says the same, but brokers forget it a week after the group's last member has left, and then a
 * partition is read from its beginning again. What was processed is recognised by its offset and passed over.
 */
final class ReadPosition {

    private final Bytes key;
    private final String name;
    private final BiConsumer<Bytes, byte[]> put;
    private long offset = -1;
    private long appendedAt = Long.MIN_VALUE;
    private boolean moved;

    /**
     * The position that a store has.
     *
     * @param name topic and partition, for messages
     */
    ReadPosition(Bytes key, String name, Function<Bytes, byte @Nullable []> get, BiConsumer<Bytes, byte[]> put) {
        this.key = key;
        this.name = name;
        this.put = put;
        byte[] stored = get.apply(key);
        if (stored != null) {
            ByteBuffer in = ByteBuffer.wrap(stored);
            offset = in.getLong();
            appendedAt = in.getLong();
        }
    }

    /**
     * Whether a record has not been processed yet; if so it now counts as processed.
     *
     * @throws IllegalStateException where an offset that was processed holds a newer record: the topic was deleted and created again
     */
    boolean moveTo(long recordOffset, long recordAppendedAt) {
        if (recordOffset > offset) {
            offset = recordOffset;
            appendedAt = Math.max(appendedAt, recordAppendedAt);
            moved = true;
            return true;
        }
        if (recordAppendedAt > appendedAt) {
            throw new IllegalStateException(name + " was deleted and created again: offset " + recordOffset
                    + " was processed before and now holds a newer record. See \"A topic was recreated\" in"
                    + " docs/operations.md");
        }
        return false;
    }

    /** Writes the position if it has moved. */
    void save() {
        if (moved) {
            put.accept(
                    key,
                    ByteBuffer.allocate(2 * Long.BYTES)
                            .putLong(offset)
                            .putLong(appendedAt)
                            .array());
            moved = false;
        }
    }
}
