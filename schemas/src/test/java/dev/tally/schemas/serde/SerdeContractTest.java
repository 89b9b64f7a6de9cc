package dev.tally.schemas.serde;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.testing.ContractRecords;
import dev.tally.schemas.testing.RegistryFake;
import java.util.HexFormat;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Serde;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What any Avro serde must do to serve Tally. The class comes from the system property {@code tally.serde.class}: ours by default,
 * Confluent's under the Maven profile {@code confluent}.
 */
final class SerdeContractTest {

    private static final String SERDE = System.getProperty("tally.serde.class", ConfluentFormatSerde.class.getName());
    private static final Schema TXN = new Schema.Parser()
            .parse(
                    "{\"type\":\"record\",\"name\":\"Txn\",\"namespace\":\"spike\",\"fields\":[{\"name\":\"id\",\"type\":"
                            + "\"string\"},{\"name\":\"amt\",\"type\":\"long\"},{\"name\":\"note\",\"type\":[\"null\",\"string\"],"
                            + "\"default\":null}]}");

    private RegistryFake registry;
    private Serde<GenericRecord> serde;

    @BeforeEach
    void start() {
        registry = RegistryFake.start();
        serde = SerdeLoader.load(config());
    }

    @AfterEach
    void stop() {
        serde.close();
        registry.close();
    }

    @Test
    void shouldWriteAndReadTheWireFormat() {
        GenericRecord record = new GenericData.Record(TXN);
        record.put("id", "x1");
        record.put("amt", 4200L);
        record.put("note", "hé");

        byte[] bytes = serde.serializer().serialize("txn", record);

        assertThat(HexFormat.of().formatHex(bytes)).isEqualTo("0000000001047831d041020668c3a9");
        assertThat(serde.deserializer().deserialize("txn", bytes)).hasToString(record.toString());
        assertThat(registry.subjects()).containsExactly("txn-value");
    }

    @Test
    void shouldLeaveNothingOfARecordThatCouldNotBeWrittenInTheNextOne() {
        GenericRecord broken = new GenericData.Record(TXN);
        broken.put("id", "x1");
        GenericRecord record = new GenericData.Record(TXN);
        record.put("id", "x2");
        record.put("amt", 1L);

        assertThatExceptionOfType(SerializationException.class)
                .isThrownBy(() -> serde.serializer().serialize("txn", broken));
        byte[] bytes = serde.serializer().serialize("txn", record);

        assertThat(HexFormat.of().formatHex(bytes)).isEqualTo("00000000010478320200");
    }

    @Test
    void shouldLetTombstonesThrough() {
        assertThat(serde.serializer().serialize("txn", null)).isNull();
        assertThat(serde.deserializer().deserialize("txn", null)).isNull();
    }

    @Test
    void shouldSayThatAnIdIsUnknown() {
        assertThatExceptionOfType(SerializationException.class)
                .isThrownBy(() -> serde.deserializer().deserialize("txn", new byte[] {0, 0, 0, 0, 9, 0}));
    }

    @Test
    void shouldServeTypedRecords() {
        try (RecordSerde<ActionEvent> typed = RecordSerde.forValues(ActionEvent.class, config())) {
            byte[] bytes = typed.serializer().serialize("actions", ContractRecords.action());

            assertThat(typed.decode("actions", null, bytes)).isEqualTo(new Decoded.Read<>(ContractRecords.action()));
            assertThat(typed.decode("actions", null, new byte[] {0, 0, 0, 0, 9, 0}))
                    .isInstanceOfSatisfying(
                            Decoded.Refused.class,
                            refused -> assertThat(refused.reason()).isEqualTo(RefusalReason.UNKNOWN_SCHEMA));
            assertThat(typed.decode("actions", null, new byte[] {0, 0, 0, 0, 1, 2}))
                    .isInstanceOfSatisfying(
                            Decoded.Refused.class,
                            refused -> assertThat(refused.reason()).isEqualTo(RefusalReason.UNDECODABLE));
        }
    }

    private Map<String, Object> config() {
        return Map.of("avro.serde.class", SERDE, "schema.registry.url", registry.url());
    }
}
