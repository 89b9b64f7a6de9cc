package dev.tally.streams.state;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.kafka.common.utils.Bytes;

/**
 * Builds composite store keys. A text is written with its length before it, so no two keys run together; a number is written so that
 * unsigned byte order is numeric order, so ranges over it are scans.
 */
public final class StoreKey {

    private byte[] bytes = new byte[64];
    private int size;

    /** An empty key. */
    public static StoreKey key() {
        return new StoreKey();
    }

    /** A key that begins with the same parts. */
    public StoreKey copy() {
        return new StoreKey().raw(Arrays.copyOf(bytes, size));
    }

    /** Appends a text of at most 65,535 bytes. */
    public StoreKey text(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        if (utf8.length > 0xFFFF) {
            throw new IllegalArgumentException("text of " + utf8.length + " bytes in a key");
        }
        room(utf8.length + 2);
        bytes[size++] = (byte) (utf8.length >>> 8);
        bytes[size++] = (byte) utf8.length;
        System.arraycopy(utf8, 0, bytes, size, utf8.length);
        size += utf8.length;
        return this;
    }

    /** Appends one byte. */
    public StoreKey tag(int tag) {
        room(1);
        bytes[size++] = (byte) tag;
        return this;
    }

    /** Appends a number in numeric order. */
    public StoreKey number(long number) {
        room(Long.BYTES);
        ByteBuffer.wrap(bytes, size, Long.BYTES).putLong(number ^ Long.MIN_VALUE);
        size += Long.BYTES;
        return this;
    }

    /** Appends bytes as they are; only as a last part, or of fixed length. */
    public StoreKey raw(byte[] raw) {
        room(raw.length);
        System.arraycopy(raw, 0, bytes, size, raw.length);
        size += raw.length;
        return this;
    }

    /** The key. */
    public Bytes bytes() {
        return Bytes.wrap(Arrays.copyOf(bytes, size));
    }

    /** The smallest key after every key that starts with this one. */
    public Bytes afterPrefix() {
        byte[] after = Arrays.copyOf(bytes, size);
        for (int i = after.length - 1; i >= 0; i--) {
            if (after[i] != (byte) 0xFF) {
                after[i]++;
                return Bytes.wrap(Arrays.copyOf(after, i + 1));
            }
        }
        throw new IllegalStateException("a prefix of 0xFF bytes alone has no successor");
    }

    private void room(int more) {
        if (size + more > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, size + more));
        }
    }

    /** Reads the parts of a key in the order they were appended. */
    public static final class Reader {
        private final ByteBuffer in;

        /** A reader at the start of a key. */
        public Reader(Bytes key) {
            this(ByteBuffer.wrap(key.get()));
        }

        /** A reader of the parts that follow in a buffer: values may be made of the same parts. */
        Reader(ByteBuffer in) {
            this.in = in;
        }

        /** The next part, a text. */
        public String text() {
            byte[] utf8 = new byte[Short.toUnsignedInt(in.getShort())];
            in.get(utf8);
            return new String(utf8, StandardCharsets.UTF_8);
        }

        /** The next part, one byte. */
        public int tag() {
            return Byte.toUnsignedInt(in.get());
        }

        /** The next part, a number. */
        public long number() {
            return in.getLong() ^ Long.MIN_VALUE;
        }

        /** Everything that is left. */
        public byte[] rest() {
            byte[] rest = new byte[in.remaining()];
            in.get(rest);
            return rest;
        }
    }
}
