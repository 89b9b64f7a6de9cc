package dev.tally.schemas.serde;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.testing.ContractRecords;
import dev.tally.schemas.testing.RegistryFake;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whatever the bytes are: a named refusal, no exception, no memory or time beyond their size. */
final class HostileBytesTest {

    private RegistryFake registry;
    private RecordSerde<ActionEvent> serde;
    private byte[] good;

    @BeforeEach
    void start() {
        registry = RegistryFake.start();
        serde = RecordSerde.forValues(ActionEvent.class, Map.of("schema.registry.url", registry.url()));
        good = Objects.requireNonNull(serde.serializer().serialize("actions", ContractRecords.action()));
    }

    @AfterEach
    void stop() {
        serde.close();
        registry.close();
    }

    @Test
    void shouldNameNullEmptyAndUnknown() {
        assertThat(refused(null)).isEqualTo(refusal(RefusalReason.NULL_VALUE, "the record has no value"));
        assertThat(refused(new byte[0])).isEqualTo(refusal(RefusalReason.UNDECODABLE, "the value is empty"));
        assertThat(refused(new byte[] {0, 0, 0}))
                .isEqualTo(refusal(RefusalReason.UNDECODABLE, "the value has 3 bytes, too few for a schema id"));
        assertThat(refused(new byte[] {'{', '"', 'a', '"', ':', '1', '}'}))
                .isEqualTo(refusal(
                        RefusalReason.UNDECODABLE, "the value begins with byte 123, not with 0 and a schema id"));
        assertThat(refused(new byte[] {0, 0, 0, 0, 77, 1}))
                .isEqualTo(refusal(RefusalReason.UNKNOWN_SCHEMA, "schema id 77 is not known to the registry"));
        assertThat(refused(new byte[] {0, -1, 0, 0, 77, 1}).reason()).isEqualTo(RefusalReason.UNKNOWN_SCHEMA);
        assertThat(RefusalReason.MISSING_FIELD.code()).isEqualTo("missing_field");
    }

    @Test
    void shouldNameTheHeaderFormatOfNewerProducers() {
        Headers headers = new RecordHeaders().add("__value_schema_id", new byte[17]);
        byte[] value = HexFormat.of().parseHex("0467310200");

        assertThat(serde.decode("actions", headers, value)).isInstanceOfSatisfying(Decoded.Refused.class, refused -> {
            assertThat(refused.reason()).isEqualTo(RefusalReason.UNSUPPORTED);
            assertThat(refused.detail()).contains("__value_schema_id");
        });
    }

    @Test
    void shouldRefuseEveryTruncationAndAnythingAfterTheRecord() {
        for (int length = 5; length < good.length; length++) {
            assertThat(refused(Arrays.copyOf(good, length)).reason()).isEqualTo(RefusalReason.UNDECODABLE);
        }
        assertThat(refused(Arrays.copyOf(good, good.length + 3)))
                .isEqualTo(refusal(RefusalReason.UNDECODABLE, "3 bytes are left after the record"));
    }

    @Test
    void shouldSurviveRandomAndMutatedBytes() {
        Random random = new Random(20261121);
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = i % 2 == 0 ? randomBody(random) : mutated(random);
            assertThat(serde.decode("actions", null, bytes)).isNotNull();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "string of 2 GB, feffffff0f",
        "string of negative length, 01",
        "string of 2^62 bytes, feffffffffffffffff01",
        "number without an end, ffffffffffffffffffffff",
    })
    void shouldNotAllocateWhatTheBytesOnlyClaim(String what, String hex) {
        byte[] body = HexFormat.of().parseHex(hex);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.write(good, 0, 5);
        bytes.writeBytes(body);

        assertThat(refused(bytes.toByteArray()).reason()).as(what).isEqualTo(RefusalReason.UNDECODABLE);
    }

    @Test
    void shouldNotLoopOverItemsThatTakeNoBytes() {
        int id = registry.register(
                "evil",
                "{\"type\":\"record\",\"name\":\"ActionEvent\",\"fields\":[{\"name\":\"x\",\"type\":{\"type\":\"array\","
                        + "\"items\":\"null\"}}]}");

        // A block of 2^31 - 1 nulls; and one that claims -(2^31 - 1) items in 0 bytes.
        assertThat(refused(framed(id, "feffffff0f00")).detail()).contains("too many empty items");
        assertThat(refused(framed(id, "fdffffff0f0000")).reason()).isEqualTo(RefusalReason.UNDECODABLE);
    }

    @Test
    void shouldNotOverflowTheStackOnNestedValues() {
        int id = registry.register(
                "deep",
                "{\"type\":\"record\",\"name\":\"ActionEvent\",\"fields\":[{\"name\":\"next\","
                        + "\"type\":[\"null\",\"ActionEvent\"]}]}");

        assertThat(refused(framed(id, "02".repeat(500_000) + "00")).detail()).contains("nested");
    }

    @Test
    void shouldRefuseTextThatIsNotUtf8() {
        byte[] bytes = good.clone();
        bytes[6] = (byte) 0xff;

        assertThat(refused(bytes)).isEqualTo(refusal(RefusalReason.UNDECODABLE, "the string at byte 6 is not UTF-8"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"schema\":\"{}\"}|UNDECODABLE",
                "{\"schema\":\"\\\"string\\\"\"}|UNDECODABLE",
                "{\"schema\":\"syntax = proto3\",\"schemaType\":\"PROTOBUF\"}|UNSUPPORTED",
                "{\"schema\":\"\\\"string\\\"\",\"references\":[{\"name\":\"x\"}]}|UNSUPPORTED",
                "{}|UNDECODABLE"
            })
    void shouldNameSchemasItCannotUse(String answer, RefusalReason reason) {
        registry.answerSchemaId(50, answer);

        assertThat(refused(framed(50, "00")).reason()).isEqualTo(reason);
    }

    @Test
    void shouldBoundWhatItSays() {
        String name = "ö".repeat(3_000);
        int other = registry.register("long", "{\"type\":\"record\",\"name\":\"" + name + "\",\"fields\":[]}");

        for (String bytes : List.of("00", "0202")) {
            assertThat(refused(framed(other, bytes)).detail())
                    .startsWith("the value is a öö")
                    .satisfies(HostileBytesTest::isBounded);
        }
        assertThat(new RefusedRecordException(RefusalReason.UNDECODABLE, "a".repeat(1_024)).detail())
                .hasSize(1_024);
        assertThat(new RefusedRecordException(RefusalReason.UNDECODABLE, "x" + "😀".repeat(300)).detail())
                .isEqualTo("x" + "😀".repeat(255));
    }

    private static void isBounded(String detail) {
        assertThat(detail.getBytes(StandardCharsets.UTF_8)).hasSizeBetween(1_000, 1_024);
    }

    @Test
    void shouldThrowTheRefusalFromADeserializer() {
        assertThat(serde.deserializer().deserialize("actions", null)).isNull();
        assertThatExceptionOfType(RefusedRecordException.class)
                .isThrownBy(() -> serde.deserializer().deserialize("actions", new byte[] {1}))
                .satisfies(e -> assertThat(e.reason()).isEqualTo(RefusalReason.UNDECODABLE));
    }

    private byte[] randomBody(Random random) {
        byte[] bytes = new byte[5 + random.nextInt(60)];
        random.nextBytes(bytes);
        System.arraycopy(good, 0, bytes, 0, 5);
        return bytes;
    }

    private byte[] mutated(Random random) {
        byte[] bytes = good.clone();
        for (int n = random.nextInt(3); n >= 0; n--) {
            bytes[5 + random.nextInt(bytes.length - 5)] = (byte) random.nextInt(256);
        }
        return bytes;
    }

    private static byte[] framed(int id, String hex) {
        return HexFormat.of().parseHex("00" + HexFormat.of().toHexDigits(id) + hex);
    }

    private Decoded.Refused<ActionEvent> refused(byte @Nullable [] bytes) {
        Decoded<ActionEvent> decoded = serde.decode("actions", null, bytes);
        assertThat(decoded).isInstanceOf(Decoded.Refused.class);
        return (Decoded.Refused<ActionEvent>) decoded;
    }

    private static Decoded.Refused<ActionEvent> refusal(RefusalReason reason, String detail) {
        return new Decoded.Refused<>(reason, detail);
    }
}
