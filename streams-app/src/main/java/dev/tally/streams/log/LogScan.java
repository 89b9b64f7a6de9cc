package dev.tally.streams.log;

import dev.tally.schemas.serde.Decoded;
import dev.tally.schemas.serde.RecordSerde;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads committed records of single partitions within a time. Errors of the broker come out as Kafka's own exceptions. */
public final class LogScan implements AutoCloseable {

    /** Clocks of brokers, and of the instances whose time closes an interval, may differ by that. */
    public static final Duration SKEW = Duration.ofMinutes(10);

    private static final Logger log = LoggerFactory.getLogger(LogScan.class);

    private static final Duration POLL = Duration.ofMillis(500);

    private final KafkaConsumer<byte[], byte[]> consumer;
    private final long begun = System.nanoTime();
    private final Duration within;

    /**
     * Opens a connection.
     *
     * @param within time for all that is read here
     */
    LogScan(Map<String, Object> config, Duration within) {
        this.consumer = new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        this.within = within;
    }

    /**
     * How far reading came.
     *
     * @param next the first position that was not looked at
     * @param isEndOfLog whether that was the end of what is committed when it began
     */
    public record End(long next, boolean isEndOfLog) {}

    /** The first position of a record that was appended at or after an instant; the end where there is none. */
    public long firstSince(TopicPartition partition, Instant since) {
        consumer.assign(List.of(partition)); // else the consumer warns of offsets that are nothing to it
        OffsetAndTimestamp found = consumer.offsetsForTimes(Map.of(partition, Math.max(0, since.toEpochMilli())))
                .get(partition);
        return found == null ? end(partition) : found.offset();
    }

    private long end(TopicPartition partition) {
        return consumer.endOffsets(List.of(partition)).getOrDefault(partition, 0L);
    }

    /**
     * Reads to the end that a partition has now, or until it is to stop, or as long as there is time.
     *
     * @param atMost of the time for all
     * @param sink whether to go on after a record
     */
    public End read(
            TopicPartition partition, long from, Duration atMost, Predicate<ConsumerRecord<byte[], byte[]>> sink) {
        consumer.assign(List.of(partition));
        long end = end(partition);
        long beginning = consumer.beginningOffsets(List.of(partition)).getOrDefault(partition, 0L);
        consumer.seek(partition, Math.max(from, beginning));
        while (consumer.position(partition) < end) {
            if (elapsed().compareTo(atMost) >= 0 || elapsed().compareTo(within) >= 0) {
                return new End(consumer.position(partition), false);
            }
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                if (record.offset() < end && !sink.test(record)) {
                    return new End(record.offset() + 1, false);
                }
            }
        }
        return new End(Math.max(from, end), true);
    }

    /** The content of a record; empty, and told to the log, where it cannot be read. */
    public static <T extends SpecificRecord> Optional<T> decode(
            RecordSerde<T> serde, ConsumerRecord<byte[], byte[]> record) {
        return switch (serde.decode(record.topic(), record.headers(), record.value())) {
            case Decoded.Read<T>(T value) -> Optional.of(value);
            case Decoded.Refused<T> refused -> {
                log.atWarn()
                        .addKeyValue("topic", record.topic())
                        .addKeyValue("partition", record.partition())
                        .addKeyValue("offset", record.offset())
                        .addKeyValue("reason", refused.reason())
                        .log("A record cannot be read");
                yield Optional.empty();
            }
        };
    }

    private Duration elapsed() {
        return Duration.ofNanos(System.nanoTime() - begun);
    }

    @Override
    public void close() {
        consumer.close();
    }
}
