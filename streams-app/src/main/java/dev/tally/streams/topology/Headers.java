package dev.tally.streams.topology;

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
    private static final String TOPIC = "tally.topic";
    private static final String PARTITION = "tally.partition";
    private static final String OFFSET = "tally.offset";
    private static final String AT = "tally.at";
    private static final String SEEN = "tally.seen";
    /** Key bytes of a travelling record; absent where the key was null. */
    private static final String KEY = "tally.key";

    private static final int MAX_DETAIL_BYTES = 1_024;
    private static final int MAX_PRODUCER_HEADER_BYTES = 32 * 1_024;

    private Headers() {}

    /** Headers of a record kept aside: the producer's, unless they are huge, and where and why. */
    static RecordHeaders aside(
            org.apache.kafka.common.header.Headers original,
            Message.Incoming from,
            String reason,
            String detail,
            @Nullable String seen) {
        RecordHeaders headers = coordinates(original, from.topic(), from.partition(), from.offset(), from.appendedAt());
        put(headers, REASON, reason);
        headers.remove(DETAIL).add(DETAIL, truncated(detail));
        headers.remove(SEEN);
        if (seen != null) {
            put(headers, SEEN, seen);
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
        put(headers, TOPIC, topic);
        put(headers, PARTITION, Integer.toString(partition));
        put(headers, OFFSET, Long.toString(offset));
        put(headers, AT, at.toString());
        return headers;
    }

    /** The coordinates a travelling record carries. */
    static Origin origin(org.apache.kafka.common.header.Headers headers) {
        Header key = headers.lastHeader(KEY);
        return new Origin(
                key == null ? null : key.value(),
                text(headers, TOPIC),
                Integer.parseInt(text(headers, PARTITION)),
                Long.parseLong(text(headers, OFFSET)),
                Instant.parse(text(headers, AT)));
    }

    @SuppressWarnings("ArrayRecordComponent") // never compared, and not copied for speed: nobody changes them
    record Origin(byte @Nullable [] key, String topic, int partition, long offset, Instant at) {}

    private static String text(org.apache.kafka.common.header.Headers headers, String name) {
        Header header = headers.lastHeader(name);
        if (header == null || header.value() == null) {
            throw new IllegalStateException("a record of actions-home without header " + name);
        }
        return new String(header.value(), StandardCharsets.UTF_8);
    }

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
