package dev.tally.streams.state;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.common.utils.Bytes;

/**
 * The records of the catalogue topics that are the last of their key, as read before the start. When a topic is read again from its
 * beginning, those before them are passed over: the catalogue would go back in time otherwise, and usage would be judged by what held
 * long ago.
 */
public final class ReplacedRecords {

    private record Key(String topic, Bytes key) {}

    private record Position(int partition, long offset) {}

    private final Map<Key, Position> last = new ConcurrentHashMap<>();

    /** Notes a valid record; of a key's records, in the order of their offsets. */
    public void note(String topic, int partition, long offset, byte[] key) {
        last.put(new Key(topic, Bytes.wrap(key)), new Position(partition, offset));
    }

    /** Whether a later valid record of the same key has been noted. */
    public boolean isReplaced(String topic, int partition, long offset, byte[] key) {
        Position position = last.get(new Key(topic, Bytes.wrap(key)));
        return position != null && position.partition() == partition && position.offset() > offset;
    }
}
