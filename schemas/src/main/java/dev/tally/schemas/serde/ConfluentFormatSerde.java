package dev.tally.schemas.serde;

import java.time.InstantSource;
import java.util.Map;
import org.apache.avro.generic.GenericRecord;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;

/**
 * Tally's own Avro serde in Confluent's wire format, for any registry with Confluent's API. Not Confluent's software: that is not on
 * Maven Central. It takes Confluent's configuration keys ({@code schema.registry.url}, {@code basic.auth.user.info},
 * {@code auto.register.schemas}, {@code use.latest.version}, {@code value.subject.name.strategy}, {@code max.retries}, ...), so that
 * either can stand in for the other by the setting {@code avro.serde.class}.
 *
 * <p>Bytes that cannot be read give a {@link RefusedRecordException}; an unreachable registry gives a
 * {@link RegistryUnavailableException}, after which the same bytes may be tried again.
 */
public final class ConfluentFormatSerde implements Serde<GenericRecord> {

    private final InstantSource clock;
    private @Nullable WireFormat wire;

    /** For loading by name; {@link #configure} must follow. */
    public ConfluentFormatSerde() {
        this(InstantSource.system());
    }

    ConfluentFormatSerde(InstantSource clock) {
        this.clock = clock;
    }

    @Override
    public void configure(Map<String, ?> configs, boolean isKey) {
        close();
        wire = new WireFormat(RegistryConfig.of(configs, isKey), isKey, clock);
    }

    @Override
    public void close() {
        if (wire != null) {
            wire.close();
            wire = null;
        }
    }

    @Override
    public Serializer<GenericRecord> serializer() {
        return new GenericSerializer();
    }

    @Override
    public Deserializer<GenericRecord> deserializer() {
        return new GenericDeserializer();
    }

    WireFormat wire() {
        if (wire == null) {
            throw new SerializationException("ConfluentFormatSerde is not configured, or closed");
        }
        return wire;
    }

    /** Lives as long as its serde; {@code configure} and {@code close} of its own do nothing. */
    private final class GenericSerializer implements Serializer<GenericRecord> {
        @Override
        public byte @Nullable [] serialize(String topic, @Nullable GenericRecord data) {
            return data == null ? null : wire().encode(topic, data);
        }
    }

    private final class GenericDeserializer implements Deserializer<GenericRecord> {
        @Override
        public @Nullable GenericRecord deserialize(String topic, byte @Nullable [] data) {
            return data == null ? null : wire().decode(null, data);
        }

        @Override
        public @Nullable GenericRecord deserialize(String topic, Headers headers, byte @Nullable [] data) {
            return data == null ? null : wire().decode(headers, data);
        }
    }
}
