package dev.tally.schemas.serde;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** UTF-8 as the standard has it: what Java's decoder takes without a replacement, found without an exception. */
final class Utf8 {

    static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long NOT_ASCII = 0x8080808080808080L;

    private Utf8() {}

    /** The text of some bytes, or null when they are not UTF-8. */
    static @Nullable String text(byte[] bytes, int from, int length) {
        if (asciiUntil(bytes, from, from + length) == from + length) {
            return new String(bytes, from, length, StandardCharsets.ISO_8859_1);
        }
        return isValid(bytes, from, length) ? new String(bytes, from, length, StandardCharsets.UTF_8) : null;
    }

    static boolean isValid(byte[] bytes, int from, int length) {
        int end = from + length;
        int at = asciiUntil(bytes, from, end);
        while (at < end) {
            int size = bytes[at] >= 0 ? 1 : sequence(bytes, at, end);
            if (size == 0) {
                return false;
            }
            at += size;
        }
        return true;
    }

    private static int asciiUntil(byte[] bytes, int from, int end) {
        int at = from;
        while (at + Long.BYTES <= end && ((long) LONGS.get(bytes, at) & NOT_ASCII) == 0) {
            at += Long.BYTES;
        }
        while (at < end && bytes[at] >= 0) {
            at++;
        }
        return at;
    }

    /** Length of the sequence of several bytes that begins here; 0 for none: cut off, overlong, a surrogate, over U+10FFFF. */
    private static int sequence(byte[] bytes, int at, int end) {
        int first = bytes[at] & 0xff;
        int size = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
        if (size == 0 || size > end - at) {
            return 0;
        }
        int second = bytes[at + 1] & 0xff;
        int least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
        int most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
        if (second < least || second > most) {
            return 0;
        }
        for (int i = at + 2; i < at + size; i++) {
            if ((bytes[i] & 0xc0) != 0x80) {
                return 0;
            }
        }
        return size;
    }
}
