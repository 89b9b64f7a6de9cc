package dev.tally.sink.delivery;

import dev.tally.sink.reporting.ReplayRequest;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.jspecify.annotations.Nullable;

/**
 * Requests to replay facts as records: key and value are the bytes of the fact's record, as in its dead letter, and the headers say where
 * that was read and what is asked for.
 */
public final class ReplayRequests {
    static final String REQUESTED_AT = "tally.requested.at";

    private ReplayRequests() {}

    /** A request and the record of the fact that it is about. */
    record Asked(FactRecord origin, ReplayRequest request) {}

    /** The record that asks to replay the fact of a dead letter. */
    public static ProducerRecord<byte[], byte[]> of(
            String requestTopic, ConsumerRecord<byte[], byte[]> letter, ReplayRequest request) {
        RecordHeaders headers = new RecordHeaders();
        for (String copied : new String[] {DeadLetters.PARTITION, DeadLetters.OFFSET, DeadLetters.AT}) {
            headers.add(copied, DeadLetters.utf8(text(letter.headers(), copied)));
        }
        headers.add(DeadLetters.REPLAY, DeadLetters.utf8(Integer.toString(request.number())));
        headers.add(REQUESTED_AT, DeadLetters.utf8(request.requestedAt().toString()));
        if (request.timestamp() != null) {
            headers.add(
                    DeadLetters.TIMESTAMP, DeadLetters.utf8(request.timestamp().toString()));
        }
        return new ProducerRecord<>(requestTopic, partitionOf(letter), letter.key(), letter.value(), headers);
    }

    /**
     * When the fact of a dead letter was appended to its topic.
     *
     * @throws IllegalArgumentException if the letter does not say
     */
    public static Instant publishedAt(ConsumerRecord<byte[], byte[]> letter) {
        return instant(letter.headers(), DeadLetters.AT);
    }

    /**
     * The partition that the fact of a dead letter was read from.
     *
     * @throws IllegalArgumentException if the letter does not say
     */
    public static int partitionOf(ConsumerRecord<byte[], byte[]> letter) {
        return Integer.parseInt(text(letter.headers(), DeadLetters.PARTITION));
    }

    /** What a record asks for, of a fact of {@code factsTopic}; empty where that cannot be read. */
    static Optional<Asked> read(ConsumerRecord<byte[], byte[]> record, String factsTopic) {
        try {
            if (record.partition() != partitionOf(record)) {
                return Optional.empty();
            }
            Headers headers = record.headers();
            Instant publishedAt = publishedAt(record);
            return Optional.of(new Asked(
                    new FactRecord(
                            factsTopic,
                            record.partition(),
                            Long.parseLong(text(headers, DeadLetters.OFFSET)),
                            publishedAt,
                            record.key(),
                            record.value()),
                    new ReplayRequest(
                            Integer.parseInt(text(headers, DeadLetters.REPLAY)),
                            headers.lastHeader(DeadLetters.TIMESTAMP) == null
                                    ? null
                                    : instant(headers, DeadLetters.TIMESTAMP),
                            instant(headers, REQUESTED_AT),
                            publishedAt)));
        } catch (IllegalArgumentException malformed) {
            return Optional.empty();
        }
    }

    private static Instant instant(Headers headers, String name) {
        try {
            return Instant.parse(text(headers, name));
        } catch (DateTimeException malformed) {
            throw new IllegalArgumentException(name + " is no instant", malformed);
        }
    }

    private static String text(Headers headers, String name) {
        Header header = headers.lastHeader(name);
        byte @Nullable [] value = header == null ? null : header.value();
        if (value == null) {
            throw new IllegalArgumentException("no header " + name);
        }
        return new String(value, StandardCharsets.UTF_8);
    }
}
