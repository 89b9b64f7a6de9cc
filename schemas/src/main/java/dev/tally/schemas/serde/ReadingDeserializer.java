package dev.tally.schemas.serde;

import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.Deserializer;
import org.jspecify.annotations.Nullable;

/** Kafka's view of a {@link RecordReader}: null stays null, what cannot be read throws. */
record ReadingDeserializer<T extends SpecificRecord>(RecordReader<T> reader) implements Deserializer<T> {

    @Override
    public @Nullable T deserialize(String topic, byte @Nullable [] data) {
        return data == null ? null : reader.read(topic, null, data);
    }

    @Override
    public @Nullable T deserialize(String topic, Headers headers, byte @Nullable [] data) {
        return data == null ? null : reader.read(topic, headers, data);
    }
}
