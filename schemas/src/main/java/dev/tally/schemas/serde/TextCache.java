package dev.tally.schemas.serde;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Strings that come again and again (ids, models, units), by their bytes: a hit makes no garbage and its hash code is known. Holds two
 * places for each hash; what does not fit drives out the older, so hostile ids cost no more than no cache. Not for several threads.
 */
final class TextCache {

    /** Longer texts are not kept: they would be most of the memory. */
    static final int MAX_LENGTH = 64;

    private static final long MIX = 0x9e3779b97f4a7c15L;

    private final byte[][] keys;
    private final @Nullable String[] texts;

    /** @param size a power of two, at least 2 */
    TextCache(int size) {
        if (size < 2 || Integer.bitCount(size) != 1) {
            throw new IllegalArgumentException("size " + size + " is no power of two from 2 on");
        }
        keys = new byte[size][];
        Arrays.fill(keys, new byte[0]);
        texts = new @Nullable String[size];
    }

    /** The text of some bytes, or null when they are not UTF-8. */
    @Nullable
    String text(byte[] bytes, int from, int length) {
        if (length == 0) {
            return "";
        }
        if (length > MAX_LENGTH) {
            return Utf8.text(bytes, from, length);
        }
        int place = (int) hash(bytes, from, length) & (keys.length - 1);
        if (Arrays.equals(keys[place], 0, keys[place].length, bytes, from, from + length)) {
            return texts[place];
        }
        int other = place ^ 1;
        if (Arrays.equals(keys[other], 0, keys[other].length, bytes, from, from + length)) {
            return texts[other];
        }
        String text = Utf8.text(bytes, from, length);
        if (text != null) {
            keys[other] = keys[place];
            texts[other] = texts[place];
            keys[place] = Arrays.copyOfRange(bytes, from, from + length);
            texts[place] = text;
        }
        return text;
    }

    private static long hash(byte[] bytes, int from, int length) {
        int end = from + length;
        int at = from;
        long hash = length;
        for (; at + Long.BYTES <= end; at += Long.BYTES) {
            hash = mix(hash ^ (long) Utf8.LONGS.get(bytes, at));
        }
        long rest = 0;
        for (; at < end; at++) {
            rest = rest << 8 | (bytes[at] & 0xff);
        }
        return mix(hash ^ rest);
    }

    private static long mix(long value) {
        long mixed = value * MIX;
        return mixed ^ (mixed >>> 32);
    }
}
