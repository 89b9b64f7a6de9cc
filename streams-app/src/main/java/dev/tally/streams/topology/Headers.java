package dev.tally.streams.topology;

import dev.tally.streams.state.Origin;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.jspecify.annotations.Nullable;

/** Tally's record headers: all are texts in UTF-8, and all of the producer's headers of these names are replaced. */
final class Headers {

    private static final String REASON = "tally.reason";
    private static final String DETAIL = "tally.detail";
    private static final String AT = "tally.at";
    private static final String SEEN = "tally.seen";
    /** Key bytes of a travelling record; absent where the key was null. */
    private static final String KEY = "tally.key";

    private static final int MAX_DETAIL_BYTES = 1_024;
    private static final int MAX_PRODUCER_HEADER_BYTES = 32 * 1_024;

    private Headers() {}

    /**
     * Headers of a record kept aside: the producer's, unless they are huge, and where and why.
     *
     * @param reset how many times the state was given up: after a reset a record may end otherwise than before
     */
    static RecordHeaders aside(
            org.apache.kafka.common.header.Headers original,
            Message.Incoming from,
            String reason,
            String detail,
            @Nullable String seen,
            int reset) {
        RecordHeaders headers = coordinates(original, from.topic(), from.partition(), from.offset(), from.appendedAt());
        put(headers, REASON, reason);
        headers.remove(DETAIL).add(DETAIL, truncated(detail));
        headers.remove(SEEN);
        if (seen != null) {
            put(headers, SEEN, seen);
        }
        if (reset > 0) {
            put(headers, Origin.RESET, Integer.toString(reset));
        }
        return headers;
    }

    /** Headers of a record that travels home. */
    static RecordHeaders travelling(org.apache.kafka.common.header.Headers original, Message.Incoming from) {
        RecordHeaders headers = coordinates(original, from.topic(), from.partition(), from.offset(), from.appendedAt());
        if (from.key() != null) {
            headers.add(KEY, from.key());
        }
        return headers;
    }

    private static RecordHeaders coordinates(
            org.apache.kafka.common.header.Headers original, String topic, int partition, long offset, Instant at) {
        RecordHeaders headers = new RecordHeaders();
        int size = 0;
        for (Header header : original) {
            size += header.key().length() + (header.value() == null ? 0 : header.value().length);
        }
        if (size <= MAX_PRODUCER_HEADER_BYTES) {
            original.forEach(headers::add);
        }
        headers.remove(KEY);
        headers.remove(Origin.RESET);
        put(headers, Origin.TOPIC, topic);
        put(headers, Origin.PARTITION, Integer.toString(partition));
        put(headers, Origin.OFFSET, Long.toString(offset));
        put(headers, AT, at.toString());
        return headers;
    }

    /** The coordinates a travelling record carries. */
    static Carried carried(org.apache.kafka.common.header.Headers headers) {
        Header key = headers.lastHeader(KEY);
        return new Carried(
                key == null ? null : key.value(), Origin.of(headers), Instant.parse(Origin.text(headers, AT)));
    }

    @SuppressWarnings("ArrayRecordComponent") // never compared, and not copied for speed: nobody changes them
    record Carried(byte @Nullable [] key, Origin origin, Instant at) {}

    private static void put(RecordHeaders headers, String name, String value) {
        headers.remove(name);
        headers.add(name, value.getBytes(StandardCharsets.UTF_8));
    }

    /** The longest prefix of whole characters within the limit. */
    private static byte[] truncated(String detail) {
        ByteBuffer out = ByteBuffer.allocate(MAX_DETAIL_BYTES);
        CharsetEncoder encoder = StandardCharsets.UTF_8
                .newEncoder()
                .onMalformedInput(CodingErrorAction.REPLACE)
                .onUnmappableCharacter(CodingErrorAction.REPLACE);
        encoder.encode(CharBuffer.wrap(detail), out, true);
        byte[] bytes = new byte[out.flip().remaining()];
        out.get(bytes);
        return bytes;
    }
}
