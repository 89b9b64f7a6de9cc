package dev.tally.streams.http;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/**
 * Takes percent-encoding off a part of a request's URI, exactly once. Unlike {@code dev.tally.keys.PercentEncoding} it takes any unencoded
 * character as it is (HTTP clients differ in what they encode); unlike {@code java.net.URLDecoder} it refuses bytes that are not UTF-8.
 */
final class RawText {

    private RawText() {}

    /**
     * Decodes a segment of a path; a plus stays a plus.
     *
     * @throws IllegalArgumentException for a broken {@code %XX} or bytes that are not UTF-8
     */
    static String ofPath(String raw) {
        return decode(raw);
    }

    /**
     * Decodes a name or value of a query string; a plus is a space.
     *
     * @throws IllegalArgumentException for a broken {@code %XX} or bytes that are not UTF-8
     */
    static String ofQuery(String raw) {
        return decode(raw.replace('+', ' '));
    }

    private static String decode(String raw) {
        if (raw.indexOf('%') < 0) {
            return raw;
        }
        byte[] encoded = raw.getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(encoded.length);
        for (int i = 0; i < encoded.length; i++) {
            if (encoded[i] == '%') {
                bytes.write(hexByte(encoded, i));
                i += 2;
            } else {
                bytes.write(encoded[i]);
            }
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes.toByteArray()))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException("is not percent-encoded UTF-8", e);
        }
    }

    private static int hexByte(byte[] encoded, int percent) {
        if (percent + 2 < encoded.length
                && HexFormat.isHexDigit(encoded[percent + 1])
                && HexFormat.isHexDigit(encoded[percent + 2])) {
            return HexFormat.fromHexDigit(encoded[percent + 1]) << 4 | HexFormat.fromHexDigit(encoded[percent + 2]);
        }
        throw new IllegalArgumentException("has a % that two hex digits do not follow");
    }
}
