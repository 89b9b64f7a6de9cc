package dev.tally.streams.state.ids;

import java.util.function.BiConsumer;
import org.apache.kafka.common.utils.Bytes;
import org.jspecify.annotations.Nullable;

/** Where the memory of ids keeps its rows: ordered by unsigned key bytes, and as of the last commit after a crash. */
public interface Rows {

    /** A row, or null. What was put since the last commit is seen. */
    byte @Nullable [] get(Bytes key);

    /** Writes a row; the array is not changed afterwards. */
    void put(Bytes key, byte[] value);

    /** Removes a row, if it is there. */
    void delete(Bytes key);

    /** Hands over each row from one key up to another, in key order, with or without the last key. */
    void range(Bytes from, Bytes to, BiConsumer<Bytes, byte[]> row);
}
