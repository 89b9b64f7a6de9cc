package dev.tally.streams.topology;

import java.lang.reflect.Field;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.processor.internals.StreamTask;
import org.apache.kafka.streams.test.TestRecord;

/** What the test driver does not offer of its task: several records between two commits, and a stop and start on the same stores. */
final class DrivenTask {

    private DrivenTask() {}

    /** Processes a record and commits nothing. */
    static void process(TopologyTestDriver driver, String topic, long offset, TestRecord<byte[], byte[]> record) {
        StreamTask task = of(driver);
        byte[] key = Objects.requireNonNull(record.key());
        byte[] value = Objects.requireNonNull(record.value());
        long timestamp = record.getRecordTime().toEpochMilli();
        task.addRecords(
                new TopicPartition(topic, 0),
                List.of(new ConsumerRecord<>(
                        topic,
                        0,
                        offset,
                        timestamp,
                        TimestampType.LOG_APPEND_TIME,
                        key.length,
                        value.length,
                        key,
                        value,
                        record.headers(),
                        Optional.empty())));
        task.resumePollingForPartitionsWithAvailableSpace();
        task.updateLags();
        while (task.hasRecordsQueued() && task.isProcessable(timestamp)) {
            task.process(timestamp);
        }
    }

    /** Commits, and has what was sent to topics that are read again processed. */
    static void commit(TopologyTestDriver driver) {
        driver.advanceWallClockTime(Duration.ZERO);
    }

    /** Closes the processors and initialises them anew, so that nothing but what is stored is left. */
    static void restart(TopologyTestDriver driver) {
        StreamTask task = of(driver);
        task.suspend();
        task.resume();
        task.completeRestoration((Set<TopicPartition> none) -> {});
    }

    private static StreamTask of(TopologyTestDriver driver) {
        try {
            Field task = TopologyTestDriver.class.getDeclaredField("task");
            task.setAccessible(true);
            return (StreamTask) task.get(driver);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("the test driver of this version of Kafka keeps its task elsewhere", e);
        }
    }
}
