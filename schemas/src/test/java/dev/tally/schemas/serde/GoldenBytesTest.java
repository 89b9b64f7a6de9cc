package dev.tally.schemas.serde;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.schemas.testing.ContractRecords;
import dev.tally.schemas.testing.RegistryFake;
import java.io.IOException;
import java.io.InputStream;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Bytes that must never change, and bytes that other software wrote. */
final class GoldenBytesTest {

    private RegistryFake registry;

    @BeforeEach
    void start() {
        registry = RegistryFake.start();
    }

    @AfterEach
    void stop() {
        registry.close();
    }

    /**
     * Written by Confluent's Java client 8.3.1 (GenericAvroSerde) and, alike, by Apicurio's serde 3.1.7, for the record {x1, 4200,
     * "hé"} under schema id 1.
     */
    @Test
    void shouldWriteAndReadWhatConfluentsClientWrites() {
        Schema schema = new Schema.Parser()
                .parse("{\"type\":\"record\",\"name\":\"Txn\",\"namespace\":\"spike\",\"fields\":["
                        + "{\"name\":\"id\",\"type\":\"string\"},{\"name\":\"amt\",\"type\":\"long\"},"
                        + "{\"name\":\"note\",\"type\":[\"null\",\"string\"],\"default\":null}]}");
        GenericRecord record = new GenericData.Record(schema);
        record.put("id", "x1");
        record.put("amt", 4200L);
        record.put("note", "hé");
        byte[] foreign = HexFormat.of().parseHex("0000000001047831d041020668c3a9");

        try (ConfluentFormatSerde serde = new ConfluentFormatSerde()) {
            serde.configure(Map.of("schema.registry.url", registry.url()), false);

            assertThat(serde.serializer().serialize("txn", record)).isEqualTo(foreign);
            assertThat(serde.deserializer().deserialize("txn", foreign)).hasToString(record.toString());
        }
        assertThat(registry.schemas("txn-value")).containsExactly(schema.toString());
    }

    @Test
    void shouldKeepTheBytesOfEveryContractRecord() throws IOException {
        Properties golden = golden();
        try (RecordSerdes serdes = new RecordSerdes(Map.of("schema.registry.url", registry.url()))) {
            for (SpecificRecord record : ContractRecords.all()) {
                check(serdes.of(record.getClass().asSubclass(SpecificRecord.class)), record, golden);
            }
        }
        assertThat(golden).hasSize(ContractRecords.all().size());
    }

    @SuppressWarnings("unchecked") // the serde is of the record's own class
    private <T extends SpecificRecord> void check(RecordSerde<T> serde, SpecificRecord record, Properties golden) {
        String name = record.getSchema().getName();
        byte[] bytes = Objects.requireNonNull(serde.serializer().serialize("golden-" + name, (T) record));

        assertThat(HexFormat.of().formatHex(bytes, 5, bytes.length))
                .as("bytes of %s", name)
                .isEqualTo(golden.getProperty(name));
        assertThat(serde.decode("golden-" + name, null, bytes)).isEqualTo(new Decoded.Read<>(record));
    }

    private static Properties golden() throws IOException {
        Properties golden = new Properties();
        try (InputStream in = GoldenBytesTest.class.getResourceAsStream("/golden-records.properties")) {
            golden.load(Objects.requireNonNull(in));
        }
        return golden;
    }
}
