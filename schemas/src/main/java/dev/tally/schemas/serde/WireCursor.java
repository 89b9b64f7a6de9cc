package dev.tally.schemas.serde;

import org.apache.avro.Schema;
import org.jspecify.annotations.Nullable;

/**
 * Reads Avro binary from front to back without throwing: at the first irregularity it fails for good, stands at the end and gives zeros,
 * so nothing loops or allocates after it. It is stricter than {@link WireBounds} and Avro's decoder: what it takes, they take and read
 * alike; what it does not take is theirs to judge. Not for several threads.
 */
final class WireCursor {

    private static final int MAX_DEPTH = 50;
    private static final int MAX_BYTES_OF_INT = 5;
    private static final int LAST_SHIFT = 63;

    private byte[] bytes = new byte[0];
    private int position;
    private boolean failed;

    void start(byte[] record, int offset) {
        bytes = record;
        position = offset;
        failed = false;
    }

    /** Whether all was regular and nothing is left. */
    boolean isFinished() {
        return !failed && position == bytes.length;
    }

    boolean hasFailed() {
        return failed;
    }

    int fail() {
        failed = true;
        position = bytes.length;
        return 0;
    }

    long number() {
        if (position < bytes.length && bytes[position] >= 0) {
            long small = bytes[position++];
            return (small >>> 1) ^ -(small & 1);
        }
        return longNumber();
    }

    private long longNumber() {
        long value = 0;
        for (int shift = 0; shift <= LAST_SHIFT && position < bytes.length; shift += 7) {
            byte b = bytes[position++];
            value |= (b & 0x7fL) << shift;
            if (b >= 0) {
                return shift == LAST_SHIFT && b > 1 ? fail() : (value >>> 1) ^ -(value & 1);
            }
        }
        return fail();
    }

    int integer() {
        int before = position;
        long value = number();
        return (int) value == value && position - before <= MAX_BYTES_OF_INT ? (int) value : fail();
    }

    /** An index below {@code size}; 0 after a failure. */
    int index(int size) {
        int index = integer();
        return index >= 0 && index < size ? index : fail();
    }

    boolean bool() {
        int value = position < bytes.length ? bytes[position++] : fail();
        return value == 1 || (value != 0 && fail() != 0);
    }

    /** A string that is likely to come again; empty after a failure. */
    String text(TextCache cache) {
        int length = length();
        return taken(length, cache.text(bytes, position, length));
    }

    /** A string that comes once; empty after a failure. */
    String text() {
        int length = length();
        return taken(length, Utf8.text(bytes, position, length));
    }

    private String taken(int length, @Nullable String text) {
        if (text == null) {
            fail();
            return "";
        }
        position += length;
        return text;
    }

    /** Takes the items of an array or a map, whose blocks must be as long as they say. */
    void items(Runnable item) {
        for (long count = number(); count != 0; count = number()) {
            int end = -1;
            if (count < 0) {
                int size = length();
                end = position + size;
                count = -count;
            }
            // An item has at least one byte; where it has none, the general path counts.
            if (count < 0 || count > bytes.length - position) {
                fail();
                return;
            }
            for (long i = 0; i < count && !failed; i++) {
                int before = position;
                item.run();
                if (position == before) {
                    fail();
                }
            }
            if (end >= 0 && end != position) {
                fail();
            }
        }
    }

    void skip(Schema schema, int depth) {
        if (depth > MAX_DEPTH || failed) {
            fail();
            return;
        }
        switch (schema.getType()) {
            case NULL -> {}
            case BOOLEAN -> bool();
            case INT -> integer();
            case LONG -> number();
            case ENUM -> index(schema.getEnumSymbols().size());
            case FLOAT -> skipBytes(Float.BYTES);
            case DOUBLE -> skipBytes(Double.BYTES);
            case FIXED -> skipBytes(schema.getFixedSize());
            case BYTES -> skipBytes(length());
            case STRING -> skipText();
            case UNION -> skip(schema.getTypes().get(index(schema.getTypes().size())), depth + 1);
            case RECORD -> {
                for (Schema.Field field : schema.getFields()) {
                    skip(field.schema(), depth + 1);
                }
            }
            case ARRAY -> items(() -> skip(schema.getElementType(), depth + 1));
            case MAP ->
                items(() -> {
                    skipText();
                    skip(schema.getValueType(), depth + 1);
                });
        }
    }

    private void skipText() {
        int length = length();
        if (Utf8.isValid(bytes, position, length)) {
            position += length;
        } else {
            fail();
        }
    }

    private void skipBytes(int count) {
        if (count > bytes.length - position) {
            fail();
        } else {
            position += count;
        }
    }

    private int length() {
        long length = number();
        return length >= 0 && length <= bytes.length - position ? (int) length : fail();
    }
}
