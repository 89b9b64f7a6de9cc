package dev.tally.schemas.serde;

import java.util.Map;
import java.util.Optional;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;

/**
 * The typed face of an Avro serde for a topic with one record type. Reads what any compatible writer's schema wrote, older or newer.
 * Safe for use by several threads.
 */
public final class RecordSerde<T extends SpecificRecord> implements Serde<T> {

    private final ReaderType<T> type;
    private final RecordReader<T> reader;
    private final RecordWriter writer;
    private final Runnable owned;

    private RecordSerde(Serde<GenericRecord> serde, ReaderType<T> type, Runnable owned) {
        this.type = type;
        this.reader = RecordReader.ofOne(serde, type);
        this.writer = new RecordWriter(serde);
        this.owned = owned;
    }

    /**
     * A serde of its own for record values; closing it closes its connection to the registry.
     *
     * @param serdeConfig {@code avro.serde.class} and what that class is configured with
     */
    public static <T extends SpecificRecord> RecordSerde<T> forValues(Class<T> type, Map<String, ?> serdeConfig) {
        Serde<GenericRecord> serde = SerdeLoader.load(serdeConfig);
        return new RecordSerde<>(serde, ReaderType.of(type), serde::close);
    }

    /** A serde on one that others use too; closing it does nothing. */
    static <T extends SpecificRecord> RecordSerde<T> on(Serde<GenericRecord> shared, Class<T> type) {
        return new RecordSerde<>(shared, ReaderType.of(type), () -> {});
    }

    /**
     * Reads a record's value; never throws for what the bytes are.
     *
     * @throws RegistryUnavailableException when the registry could not be asked: keep the record and try again
     */
    public Decoded<T> decode(String topic, @Nullable Headers headers, byte @Nullable [] bytes) {
        return reader.decode(topic, headers, bytes);
    }

    /** The writer's schema of an id whose records have been read as this type before. */
    Optional<Schema> knownWriter(int id) {
        return reader.knownWriter(id);
    }

    /**
     * Gets ready to write to a topic: registers the schema, or looks it up. Without this the first record does.
     *
     * @throws RegistryUnavailableException when the registry could not be asked
     */
    public void prepare(String topic) {
        writer.prepare(topic, type.schema());
    }

    @Override
    public Serializer<T> serializer() {
        return writer::write;
    }

    /** Bytes that cannot be read give a {@link RefusedRecordException}. */
    @Override
    public Deserializer<T> deserializer() {
        return new ReadingDeserializer<>(reader);
    }

    @Override
    public void close() {
        owned.run();
    }
}
