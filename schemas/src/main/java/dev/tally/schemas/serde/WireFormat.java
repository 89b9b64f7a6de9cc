package dev.tally.schemas.serde;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DatumWriter;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/**
 * Confluent's wire format: byte 0, the schema id as 4 bytes big-endian, then Avro binary. Remembers schemas and ids; a schema id
 * the registry does not know is asked for again after {@link UnknownIds#KEPT_FOR} at the earliest.
 */
final class WireFormat implements AutoCloseable {

    static final int PREFIX_BYTES = 5;
    /** Header of Confluent's HeaderSchemaIdSerializer; a value under it has no prefix. */
    static final String SCHEMA_ID_HEADER = "__value_schema_id";

    private static final int MAX_REMEMBERED = 10_000;

    private final RegistryClient registry;
    private final RegistryConfig config;
    private final boolean isKey;
    private final InstantSource clock;
    private final Map<Integer, Schema> schemas = new ConcurrentHashMap<>();
    private final UnknownIds unknown = new UnknownIds(MAX_REMEMBERED);
    private final Map<Target, Encoding> encodings = new ConcurrentHashMap<>();

    WireFormat(RegistryConfig config, boolean isKey, InstantSource clock) {
        this.registry = new RegistryClient(config);
        this.config = config;
        this.isKey = isKey;
        this.clock = clock;
    }

    private record Target(String topic, Schema schema) {}

    /**
     * How records of a schema are written.
     *
     * @param id the schema's id
     * @param other the schema to convert to first, if it is another one
     * @param writers by the class of records: a generated class has conversions of its own, found by reflection
     */
    private record Encoding(int id, @Nullable Schema other, Map<Class<?>, DatumWriter<GenericRecord>> writers) {
        Encoding(int id, @Nullable Schema other) {
            this(id, other, new ConcurrentHashMap<>(1));
        }

        DatumWriter<GenericRecord> writer(GenericRecord value) {
            DatumWriter<GenericRecord> known = writers.get(value.getClass());
            return known != null ? known : writers.computeIfAbsent(value.getClass(), any -> WireFormat.writer(value));
        }
    }

    /** What a thread writes into, used again for its next record. */
    private static final class Scratch {
        private static final int KEPT = 64 * 1024;
        private static final ThreadLocal<Scratch> OF_THREAD = ThreadLocal.withInitial(Scratch::new);

        private final ByteArrayOutputStream out = new ByteArrayOutputStream(1024);
        private final BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(out, null);

        /** What is not given back, since its record could not be written, is not used again either. */
        static Scratch borrow() {
            Scratch scratch = OF_THREAD.get();
            OF_THREAD.remove();
            return scratch;
        }

        byte[] giveBack() {
            byte[] bytes = out.toByteArray();
            if (bytes.length <= KEPT) {
                out.reset();
                OF_THREAD.set(this);
            }
            return bytes;
        }
    }

    byte[] encode(String topic, GenericRecord value) {
        Encoding encoding = encoding(topic, value.getSchema());
        GenericRecord written = encoding.other() == null ? value : convert(value, encoding.other());
        Scratch scratch = Scratch.borrow();
        scratch.out.write(0);
        scratch.out.writeBytes(ByteBuffer.allocate(4).putInt(encoding.id()).array());
        write(written, encoding.writer(written), scratch.encoder);
        return scratch.giveBack();
    }

    /** Makes sure that records of the schema can be written to the topic without asking the registry again. */
    void prepare(String topic, Schema schema) {
        encoding(topic, schema);
    }

    /**
     * The schema id of a value.
     *
     * @throws RefusedRecordException when the bytes do not begin as the wire format does
     */
    static int schemaId(@Nullable Headers headers, byte[] bytes) {
        if (headers != null && headers.lastHeader(SCHEMA_ID_HEADER) != null) {
            throw new RefusedRecordException(
                    RefusalReason.UNSUPPORTED,
                    "header " + SCHEMA_ID_HEADER + " holds the schema id; Tally reads it as a prefix of the value"
                            + " (producer setting value.schema.id.serializer)");
        }
        if (bytes.length == 0) {
            throw new RefusedRecordException(RefusalReason.UNDECODABLE, "the value is empty");
        }
        if (bytes[0] != 0) {
            throw new RefusedRecordException(
                    RefusalReason.UNDECODABLE,
                    "the value begins with byte " + (bytes[0] & 0xff) + ", not with 0 and a schema id");
        }
        if (bytes.length < PREFIX_BYTES) {
            throw new RefusedRecordException(
                    RefusalReason.UNDECODABLE, "the value has " + bytes.length + " bytes, too few for a schema id");
        }
        return prefixedId(bytes);
    }

    /** The schema id of a value that is known to begin with one. */
    static int prefixedId(byte[] bytes) {
        return bytes[1] << 24 | (bytes[2] & 0xff) << 16 | (bytes[3] & 0xff) << 8 | (bytes[4] & 0xff);
    }

    /** @throws RefusedRecordException when the id is unknown or its schema unusable */
    Schema writerSchema(int id) {
        Schema known = schemas.get(id);
        if (known != null) {
            return known;
        }
        if (id < 0) {
            throw new RefusedRecordException(RefusalReason.UNKNOWN_SCHEMA, "schema id " + id + " cannot exist");
        }
        Refusal miss = unknown.find(id, clock.instant());
        if (miss != null) {
            throw miss.exception();
        }
        return fetch(id);
    }

    GenericRecord decode(@Nullable Headers headers, byte[] bytes) {
        Schema writer = writerSchema(schemaId(headers, bytes));
        if (writer.getType() != Schema.Type.RECORD) {
            throw new RefusedRecordException(
                    RefusalReason.UNDECODABLE,
                    "the value is of type " + writer.getType().getName() + ", not a record");
        }
        WireBounds.check(writer, bytes, PREFIX_BYTES);
        try {
            return new GenericDatumReader<GenericRecord>(writer)
                    .read(
                            null,
                            DecoderFactory.get().binaryDecoder(bytes, PREFIX_BYTES, bytes.length - PREFIX_BYTES, null));
        } catch (IOException | RuntimeException e) {
            throw new RefusedRecordException(RefusalReason.UNDECODABLE, String.valueOf(e.getMessage()), e);
        }
    }

    @Override
    public void close() {
        registry.close();
    }

    private synchronized Schema fetch(int id) {
        Schema fetchedMeanwhile = schemas.get(id);
        if (fetchedMeanwhile != null) {
            return fetchedMeanwhile;
        }
        Refusal missedMeanwhile = unknown.find(id, clock.instant());
        if (missedMeanwhile != null) {
            throw missedMeanwhile.exception();
        }
        try {
            Schema schema = parse(id, registry.schemaById(id));
            schemas.put(id, schema);
            unknown.remove(id);
            return schema;
        } catch (RefusedRecordException e) {
            unknown.add(id, new Refusal(e.reason(), e.detail()), clock.instant());
            throw e;
        }
    }

    private static Schema parse(int id, String text) {
        try {
            return new Schema.Parser().setValidateDefaults(false).parse(text);
        } catch (AvroRuntimeException e) {
            throw new RefusedRecordException(
                    RefusalReason.UNDECODABLE, "schema id " + id + " is not a valid Avro schema: " + e.getMessage(), e);
        }
    }

    private Encoding encoding(String topic, Schema schema) {
        Target target = new Target(topic, schema);
        Encoding known = encodings.get(target);
        return known != null ? known : register(target);
    }

    private synchronized Encoding register(Target target) {
        Encoding known = encodings.get(target);
        if (known != null) {
            return known;
        }
        String subject = config.naming().subject(target.topic(), target.schema().getFullName(), isKey);
        String text = SchemaText.plain(target.schema());
        Encoding encoding;
        if (config.useLatest()) {
            RegistryClient.Registered latest = registry.latest(subject);
            Schema schema = new Schema.Parser().parse(latest.schema());
            boolean same = schema.equals(new Schema.Parser().parse(text));
            encoding = new Encoding(latest.id(), same ? null : schema);
        } else if (config.autoRegister()) {
            encoding = new Encoding(registry.register(subject, text), null);
        } else {
            encoding = new Encoding(registry.lookup(subject, text), null);
        }
        if (encodings.size() >= MAX_REMEMBERED) {
            encodings.clear();
        }
        encodings.put(target, encoding);
        return encoding;
    }

    /** Reads the record again as one of another schema. */
    static GenericRecord convert(GenericRecord value, Schema schema) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(256);
        writeBinary(value, out);
        try {
            return new GenericDatumReader<GenericRecord>(SchemaText.plainSchema(value.getSchema()), schema)
                    .read(null, DecoderFactory.get().binaryDecoder(out.toByteArray(), null));
        } catch (IOException | RuntimeException e) {
            throw new SerializationException(
                    value.getSchema().getFullName() + " cannot be written with the registered schema: "
                            + e.getMessage(),
                    e);
        }
    }

    static void writeBinary(GenericRecord value, ByteArrayOutputStream out) {
        write(value, writer(value), EncoderFactory.get().directBinaryEncoder(out, null));
    }

    private static void write(GenericRecord value, DatumWriter<GenericRecord> writer, BinaryEncoder encoder) {
        try {
            writer.write(value, encoder);
            encoder.flush();
        } catch (IOException | RuntimeException e) {
            throw new SerializationException(
                    value.getSchema().getFullName() + " cannot be written: " + e.getMessage(), e);
        }
    }

    private static DatumWriter<GenericRecord> writer(GenericRecord value) {
        return value instanceof SpecificRecord
                ? new SpecificDatumWriter<>(value.getSchema(), SpecificData.getForClass(value.getClass()))
                : new GenericDatumWriter<>(value.getSchema());
    }
}
