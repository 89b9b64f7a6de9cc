package dev.tally.cli.audit;

import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Where a record lies, as {@code actions-3@17}. */
public record Place(String topic, int partition, long offset) {

    static Place of(ConsumerRecord<?, ?> record) {
        return new Place(record.topic(), record.partition(), record.offset());
    }

    @Override
    public String toString() {
        return topic + "-" + partition + "@" + offset;
    }
}
