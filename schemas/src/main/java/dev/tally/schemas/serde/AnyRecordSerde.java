package dev.tally.schemas.serde;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;

/** The serde of a topic with several record types, told apart by the full name in the writer's schema. */
public final class AnyRecordSerde implements Serde<SpecificRecord> {

    private final Map<String, ReaderType<? extends SpecificRecord>> types = new LinkedHashMap<>();
    private final RecordReader<SpecificRecord> reader;
    private final RecordWriter writer;

    AnyRecordSerde(Serde<GenericRecord> shared, List<Class<? extends SpecificRecord>> classes) {
        for (Class<? extends SpecificRecord> one : classes) {
            ReaderType<? extends SpecificRecord> type = ReaderType.of(one);
            types.put(type.schema().getFullName(), type);
        }
        this.reader = RecordReader.ofSeveral(shared, types);
        this.writer = new RecordWriter(shared);
    }

    /**
     * Reads a record's value; never throws for what the bytes are.
     *
     * @throws RegistryUnavailableException when the registry could not be asked: keep the record and try again
     */
    public Decoded<SpecificRecord> decode(String topic, @Nullable Headers headers, byte @Nullable [] bytes) {
        return reader.decode(topic, headers, bytes);
    }

    /**
     * Gets ready to write all types to a topic.
     *
     * @throws RegistryUnavailableException when the registry could not be asked
     */
    public void prepare(String topic) {
        types.values().forEach(type -> writer.prepare(topic, type.schema()));
    }

    @Override
    public Serializer<SpecificRecord> serializer() {
        return (topic, value) -> {
            if (value != null && !types.containsKey(value.getSchema().getFullName())) {
                throw new IllegalArgumentException(value.getSchema().getFullName() + " has no place in " + topic);
            }
            return writer.write(topic, value);
        };
    }

    /** Bytes that cannot be read give a {@link RefusedRecordException}. */
    @Override
    public Deserializer<SpecificRecord> deserializer() {
        return new ReadingDeserializer<>(reader);
    }
}
