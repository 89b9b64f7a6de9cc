package dev.tally.sink.delivery;

import java.time.Instant;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/** A record of an input topic as it was read: the bytes are kept for a dead letter. */
@SuppressWarnings("ArrayRecordComponent")
public record FactRecord(
        String topic, int partition, long offset, Instant appendedAt, byte @Nullable [] key, byte @Nullable [] value) {
    /** What was consumed. */
    public static FactRecord of(ConsumerRecord<byte[], byte[]> consumed) {
        return new FactRecord(
                consumed.topic(),
                consumed.partition(),
                consumed.offset(),
                Instant.ofEpochMilli(consumed.timestamp()),
                consumed.key(),
                consumed.value());
    }
}
