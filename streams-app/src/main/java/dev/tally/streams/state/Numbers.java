package dev.tally.streams.state;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Store values that are one number. */
public final class Numbers {

    private Numbers() {}

    /** For the store. */
    public static byte[] toBytes(long number) {
        return ByteBuffer.allocate(Long.BYTES).putLong(number).array();
    }

    /** From the store. */
    public static long fromBytes(byte[] bytes) {
        return ByteBuffer.wrap(bytes).getLong();
    }

    /** From the store; the given number where there is none. */
    public static long orElse(byte @Nullable [] bytes, long absent) {
        return bytes == null ? absent : fromBytes(bytes);
    }
}
