package dev.tally.streams.topology;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.streams.processor.TimestampExtractor;

/** The time the broker appended a record. Never refuses one: the default extractor ends the thread on a record without a timestamp. */
final class AppendTime implements TimestampExtractor {

    @Override
    public long extract(ConsumerRecord<Object, Object> record, long partitionTime) {
        return Math.max(0, record.timestamp() >= 0 ? record.timestamp() : partitionTime);
    }
}
