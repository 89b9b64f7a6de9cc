package dev.tally.schemas.serde;

import org.apache.avro.Schema;

/**
 * Walks Avro binary by its writer's schema before it is decoded, so that no length or count in hostile bytes makes the decoder
 * allocate or loop beyond the bytes that are there. Also finds trailing bytes and text that is not UTF-8 (which the decoder would
 * replace, making different ids equal).
 */
final class WireBounds {

    private static final int MAX_DEPTH = 100;
    /** Most items without bytes of their own (nulls, empty records) in one record. */
    private static final int MAX_EMPTY_ITEMS = 100_000;

    private final byte[] bytes;
    private int position;
    private long emptyItems;

    private WireBounds(byte[] bytes, int offset) {
        this.bytes = bytes;
        this.position = offset;
    }

    /** @throws RefusedRecordException unless the bytes from {@code offset} on are exactly one datum of the schema */
    static void check(Schema writer, byte[] bytes, int offset) {
        WireBounds bounds = new WireBounds(bytes, offset);
        bounds.walk(writer, 0);
        if (bounds.position != bytes.length) {
            throw refused((bytes.length - bounds.position) + " bytes are left after the record");
        }
    }

    private void walk(Schema schema, int depth) {
        if (depth > MAX_DEPTH) {
            throw refused("values are nested more than " + MAX_DEPTH + " deep");
        }
        switch (schema.getType()) {
            case NULL -> {}
            case BOOLEAN -> bool();
            case INT -> integer();
            case LONG -> varint();
            case ENUM -> index(schema.getEnumSymbols().size(), "enum symbol");
            case FLOAT -> skip(4);
            case DOUBLE -> skip(8);
            case FIXED -> skip(schema.getFixedSize());
            case BYTES -> skip(length());
            case STRING -> string();
            case UNION -> {
                int branch = index(schema.getTypes().size(), "union branch");
                walk(schema.getTypes().get(branch), depth + 1);
            }
            case RECORD -> schema.getFields().forEach(field -> walk(field.schema(), depth + 1));
            case ARRAY -> items(schema.getElementType(), false, depth);
            case MAP -> items(schema.getValueType(), true, depth);
        }
    }

    private void items(Schema item, boolean keyed, int depth) {
        for (long count = blockCount(); count != 0; count = blockCount()) {
            for (long i = 0; i < count; i++) {
                int before = position;
                if (keyed) {
                    string();
                }
                walk(item, depth + 1);
                if (position == before && ++emptyItems > MAX_EMPTY_ITEMS) {
                    throw refused("a collection has too many empty items");
                }
            }
        }
    }

    private long blockCount() {
        long count = varint();
        if (count < 0) {
            long size = varint();
            if (size < 0 || size > bytes.length - position) {
                throw refused("a block of a collection reaches beyond the end");
            }
            count = -count;
        }
        if (count < 0 || count > Integer.MAX_VALUE) {
            throw refused("a collection has an impossible number of items");
        }
        return count;
    }

    private void string() {
        int length = length();
        if (!Utf8.isValid(bytes, position, length)) {
            throw refused("the string at byte " + position + " is not UTF-8");
        }
        position += length;
    }

    private int length() {
        long length = varint();
        if (length < 0 || length > bytes.length - position) {
            throw refused("a string or byte sequence reaches beyond the end");
        }
        return (int) length;
    }

    private int index(int size, String what) {
        long index = varint();
        if (index < 0 || index >= size) {
            throw refused(what + " " + index + " does not exist");
        }
        return (int) index;
    }

    private void integer() {
        long value = varint();
        if ((int) value != value) {
            throw refused("an int is out of range");
        }
    }

    private void bool() {
        if (position >= bytes.length || (bytes[position] & ~1) != 0) {
            throw refused("a boolean is neither 0 nor 1");
        }
        position++;
    }

    private void skip(int count) {
        if (count > bytes.length - position) {
            throw refused("the record ends in the middle of a value");
        }
        position += count;
    }

    private long varint() {
        long value = 0;
        for (int shift = 0; shift < 70; shift += 7) {
            if (position >= bytes.length) {
                throw refused("the record ends in the middle of a value");
            }
            byte b = bytes[position++];
            value |= (b & 0x7fL) << shift;
            if (b >= 0) {
                return (value >>> 1) ^ -(value & 1);
            }
        }
        throw refused("a number is longer than 10 bytes");
    }

    private static RefusedRecordException refused(String detail) {
        return new RefusedRecordException(RefusalReason.UNDECODABLE, detail);
    }
}
