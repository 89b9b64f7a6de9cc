package dev.tally.schemas.serde;

import dev.tally.schemas.serde.ReaderType.Reading;
import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.Serde;
import org.jspecify.annotations.Nullable;

/** Reads bytes into generated records: straight from the wire with our serde, by way of GenericRecord with any other. */
final class RecordReader<T extends SpecificRecord> {

    private final Serde<GenericRecord> serde;
    private final Function<Schema, @Nullable ReaderType<? extends T>> choice;
    private final String expected;
    private final Map<Schema, Reading<? extends T>> readings = new ConcurrentHashMap<>();
    private final Map<Integer, Reading<? extends T>> readingsById = new ConcurrentHashMap<>();
    private final Map<Schema, Refusal> otherTypes = new ConcurrentHashMap<>();

    private RecordReader(
            Serde<GenericRecord> serde, Function<Schema, @Nullable ReaderType<? extends T>> choice, String expected) {
        this.serde = serde;
        this.choice = choice;
        this.expected = expected;
    }

    /** For a topic with one type, whatever namespace the writer gives it. */
    static <T extends SpecificRecord> RecordReader<T> ofOne(Serde<GenericRecord> serde, ReaderType<T> type) {
        return new RecordReader<>(
                serde,
                writer -> type.isNamedAs(writer) ? type : null,
                type.schema().getFullName());
    }

    /** For a topic with several types, told apart by the writer's full name. */
    static <T extends SpecificRecord> RecordReader<T> ofSeveral(
            Serde<GenericRecord> serde, Map<String, ReaderType<? extends T>> types) {
        Map<String, ReaderType<? extends T>> byName = Map.copyOf(types);
        return new RecordReader<>(
                serde,
                writer -> writer.getType() == Schema.Type.RECORD ? byName.get(writer.getFullName()) : null,
                String.join(" or ", List.copyOf(byName.keySet())));
    }

    Decoded<T> decode(String topic, @Nullable Headers headers, byte @Nullable [] bytes) {
        if (bytes == null) {
            return new Decoded.Refused<>(RefusalReason.NULL_VALUE, "the record has no value");
        }
        try {
            return new Decoded.Read<>(read(topic, headers, bytes));
        } catch (RefusedRecordException e) {
            return new Decoded.Refused<>(e.reason(), e.detail());
        }
    }

    /** @throws RefusedRecordException for what cannot be read */
    T read(String topic, @Nullable Headers headers, byte[] bytes) {
        return serde instanceof ConfluentFormatSerde own
                ? readDirectly(own.wire(), headers, bytes)
                : readByWayOf(topic, headers, bytes);
    }

    /** The writer's schema of an id, once records of it have been read straight from the wire. */
    Optional<Schema> knownWriter(int id) {
        return Optional.ofNullable(readingsById.get(id)).map(Reading::writer);
    }

    private T readDirectly(WireFormat wire, @Nullable Headers headers, byte[] bytes) {
        int id = WireFormat.schemaId(headers, bytes);
        Reading<? extends T> reading = readingsById.get(id);
        if (reading == null) {
            reading = reading(wire.writerSchema(id));
            readingsById.put(id, reading);
        }
        WireBounds.check(reading.writer(), bytes, WireFormat.PREFIX_BYTES);
        return reading.read(bytes, WireFormat.PREFIX_BYTES);
    }

    private T readByWayOf(String topic, @Nullable Headers headers, byte[] bytes) {
        int id = WireFormat.schemaId(headers, bytes);
        GenericRecord generic;
        try {
            generic = headers == null
                    ? serde.deserializer().deserialize(topic, bytes)
                    : serde.deserializer().deserialize(topic, headers, bytes);
        } catch (SerializationException e) {
            throw ForeignFaults.translate(id, e);
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream(bytes.length);
        WireFormat.writeBinary(generic, out);
        return reading(generic.getSchema()).read(out.toByteArray(), 0);
    }

    private Reading<? extends T> reading(Schema writer) {
        Reading<? extends T> known = readings.get(writer);
        if (known != null) {
            return known;
        }
        ReaderType<? extends T> type = choice.apply(writer);
        if (type == null) {
            throw otherTypes.computeIfAbsent(writer, this::otherType).exception();
        }
        Reading<? extends T> reading = type.reading(writer);
        readings.put(writer, reading);
        return reading;
    }

    private Refusal otherType(Schema writer) {
        return new Refusal(
                RefusalReason.UNDECODABLE, "the value is a " + name(writer) + " where " + expected + " is expected");
    }

    private static String name(Schema writer) {
        return writer.getType() == Schema.Type.RECORD
                ? writer.getFullName()
                : writer.getType().getName();
    }
}
