package dev.tally.schemas.serde;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Strings that come again and again (ids, models, units), by their bytes: a hit makes no garbage, and gives the same object with a hash
 * code that is known. Holds two places for each hash; what does not fit drives out the older. Where one look-up in 64 does that there
 * are more texts than places, and the places are doubled, up to a bound: hostile ids cost no more than no cache. Not for several threads.
 */
final class TextCache {

    /** Longer texts are not kept: they would be most of the memory. */
    static final int MAX_LENGTH = 64;

    private static final int GROW_AT = 64;
    private static final int WIDTH = 1 + MAX_LENGTH;
    private static final long MIX = 0x9e3779b97f4a7c15L;

    private final int most;
    // Length and bytes of each text, side by side in one array: a look-up touches as little memory as can be.
    private byte[] keys;
    private @Nullable String[] texts;
    private int lookUps;
    private int drivenOut;

    /**
     * An empty cache.
     *
     * @param size places to begin with: a power of two, at least 2
     * @param most places it grows to: a power of two, at least {@code size}
     */
    TextCache(int size, int most) {
        if (size < 2 || Integer.bitCount(size) != 1 || most < size || Integer.bitCount(most) != 1) {
            throw new IllegalArgumentException("sizes " + size + " and " + most + " are no powers of two from 2 on");
        }
        this.most = most;
        keys = new byte[size * WIDTH];
        texts = new @Nullable String[size];
    }

    int size() {
        return texts.length;
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
        if (++lookUps > GROW_AT * texts.length) {
            lookUps = 0;
            drivenOut = 0;
        }
        int place = place(bytes, from, length);
        if (holds(place, bytes, from, length)) {
            return texts[place];
        }
        int other = place ^ 1;
        if (holds(other, bytes, from, length)) {
            return texts[other];
        }
        String text = Utf8.text(bytes, from, length);
        if (text != null) {
            if (texts[place] != null && texts[other] != null && ++drivenOut > texts.length && texts.length < most) {
                grow();
                place = place(bytes, from, length);
            }
            put(place, bytes, from, length, text);
        }
        return text;
    }

    private boolean holds(int place, byte[] bytes, int from, int length) {
        int at = place * WIDTH;
        return keys[at] == length && Arrays.equals(keys, at + 1, at + 1 + length, bytes, from, from + length);
    }

    /** The newer of two stands at its own place, so that the older is driven out first. */
    private void put(int place, byte[] bytes, int from, int length, String text) {
        if (texts[place] != null) {
            int other = place ^ 1;
            System.arraycopy(keys, place * WIDTH, keys, other * WIDTH, WIDTH);
            texts[other] = texts[place];
        }
        keys[place * WIDTH] = (byte) length;
        System.arraycopy(bytes, from, keys, place * WIDTH + 1, length);
        texts[place] = text;
    }

    private void grow() {
        byte[] oldKeys = keys;
        @Nullable String[] oldTexts = texts;
        keys = new byte[2 * oldKeys.length];
        texts = new @Nullable String[2 * oldTexts.length];
        lookUps = 0;
        drivenOut = 0;
        for (int i = 0; i < oldTexts.length; i++) {
            String text = oldTexts[i];
            if (text != null) {
                int from = i * WIDTH + 1;
                int length = oldKeys[i * WIDTH];
                put(place(oldKeys, from, length), oldKeys, from, length, text);
            }
        }
    }

    private int place(byte[] bytes, int from, int length) {
        return (int) hash(bytes, from, length) & (texts.length - 1);
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
