package dev.tally.cli.audit;

import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** What the audit reads of a Kafka cluster. Only what is committed is read. */
public interface Cluster {

    /** First offsets that are still there, by partition. */
    Map<Integer, Long> beginnings(String topic);

    /** Offsets after the last committed records, by partition. */
    Map<Integer, Long> ends(String topic);

    /**
     * Reads a part of a topic, each partition in its order.
     *
     * @param from first offsets by partition; where there is none, from the beginning
     * @param to offsets before which to end, by partition; others are not read
     */
    void read(
            String topic,
            Map<Integer, Long> from,
            Map<Integer, Long> to,
            Consumer<ConsumerRecord<byte[], byte[]>> sink);

    /** Reads a topic from its beginning to the end it has now. */
    default void readAll(String topic, Consumer<ConsumerRecord<byte[], byte[]>> sink) {
        read(topic, Map.of(), ends(topic), sink);
    }

    /** Up to where a consumer group has processed a topic, by partition; a partition without a position is left out. */
    Map<Integer, Long> positions(String group, String topic);

    /**
     * Waits until a group has processed all that the inputs hold now, one after the other, and what it has written to the outputs is
     * visible.
     *
     * @return false where it makes no progress
     */
    boolean awaitProcessed(String group, List<String> inputs, List<String> outputs);
}
