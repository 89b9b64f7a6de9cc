package dev.tally.sink.delivery;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;

/** Makes dead letters: key and value are the record's bytes, why and where is in the headers. */
public final class DeadLetters {
    static final String REASON = "tally.reason";
    static final String DETAIL = "tally.detail";
    static final String TOPIC = "tally.topic";
    static final String PARTITION = "tally.partition";
    static final String OFFSET = "tally.offset";
    static final String AT = "tally.at";

    /** The number of the replay that it is about. */
    static final String REPLAY = "tally.replay";

    /** The time that a replay charges the fact at, where that is not its own. */
    static final String TIMESTAMP = "tally.timestamp";

    static final int MAX_DETAIL_BYTES = 1_024;

    private DeadLetters() {}

    /** The dead letter of a record that was read. */
    public static ProducerRecord<byte[], byte[]> of(
            String deadLetterTopic, FactRecord fact, String reason, String detail) {
        RecordHeaders headers = new RecordHeaders();
        headers.add(REASON, utf8(reason));
        headers.add(DETAIL, truncated(detail));
        headers.add(TOPIC, utf8(fact.topic()));
        headers.add(PARTITION, utf8(Integer.toString(fact.partition())));
        headers.add(OFFSET, utf8(Long.toString(fact.offset())));
        headers.add(AT, utf8(fact.appendedAt().toString()));
        return new ProducerRecord<>(deadLetterTopic, null, fact.key(), fact.value(), headers);
    }

    /** The same of a fact with its outcome; that it is one of a replay is in the headers, too. */
    static ProducerRecord<byte[], byte[]> of(String deadLetterTopic, Settled settled, String reason, String detail) {
        ProducerRecord<byte[], byte[]> letter = of(deadLetterTopic, settled.origin(), reason, detail);
        if (settled.replay().number() > 0) {
            letter.headers().add(REPLAY, utf8(Integer.toString(settled.replay().number())));
        }
        if (settled.replay().ownTimestamp() != null) {
            letter.headers().add(TIMESTAMP, utf8(settled.fact().timestamp().toString()));
        }
        return letter;
    }

    /** At most 1 KB of UTF-8, cut between characters. */
    static byte[] truncated(String text) {
        CharsetEncoder encoder = StandardCharsets.UTF_8
                .newEncoder()
                .onMalformedInput(CodingErrorAction.REPLACE)
                .onUnmappableCharacter(CodingErrorAction.REPLACE);
        ByteBuffer bytes = ByteBuffer.allocate(MAX_DETAIL_BYTES);
        var unused = encoder.encode(CharBuffer.wrap(text), bytes, true);
        return Arrays.copyOf(bytes.array(), bytes.position());
    }

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
