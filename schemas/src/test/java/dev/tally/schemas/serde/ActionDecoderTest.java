package dev.tally.schemas.serde;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.Trigger;
import dev.tally.schemas.testing.ContractRecords;
import dev.tally.schemas.testing.RegistryFake;
import dev.tally.units.UnitAmounts;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The fast decoder and the general path must agree on every record, whoever wrote it and whatever happened to it. */
final class ActionDecoderTest {

    private static final int SCHEMAS = 250;
    private static final int EVENTS_EACH = 850;
    private static final String REQUIRED = "{\"type\":\"record\",\"name\":\"ActionEvent\",\"fields\":["
            + "{\"name\":\"userId\",\"type\":\"string\"},{\"name\":\"eventId\",\"type\":\"string\"},"
            + "{\"name\":\"actionType\",\"type\":\"string\"},{\"name\":\"occurredAt\",\"type\":\"int\"}";

    private RegistryFake registry;
    private RecordSerde<ActionEvent> serde;
    private ActionDecoder<Fields> decoder;

    /** The fields of an action, to compare. */
    private record Fields(
            String eventId,
            long occurredAt,
            String userId,
            @Nullable String orgId,
            @Nullable String spaceId,
            @Nullable String model,
            String actionType,
            Trigger trigger,
            boolean readOnly,
            UnitAmounts usage,
            @Nullable String admissionId,
            @Nullable String reverses) {

        static Fields of(ActionEvent event) {
            return new Fields(
                    event.getEventId(),
                    event.getOccurredAt().toEpochMilli(),
                    event.getUserId(),
                    event.getOrgId(),
                    event.getSpaceId(),
                    event.getModel(),
                    event.getActionType(),
                    event.getTrigger(),
                    event.getReadOnly(),
                    UnitAmounts.of(event.getUsage()),
                    event.getAdmissionId(),
                    event.getReverses());
        }
    }

    @BeforeEach
    void start() {
        registry = RegistryFake.start();
        serde = RecordSerde.forValues(ActionEvent.class, Map.of("schema.registry.url", registry.url()));
        decoder = ActionDecoder.of(serde, Fields::new, 4);
    }

    @AfterEach
    void stop() {
        serde.close();
        registry.close();
    }

    @Test
    void shouldAgreeWithTheGeneralPathOnRecordsOfManyWritersWholeAndDamaged() {
        Random random = new Random(20261121);
        RandomSchemas schemas = new RandomSchemas(random);
        int read = 0;
        int fast = 0;
        int refused = 0;
        for (int s = 0; s < SCHEMAS; s++) {
            String text = schemas.writer();
            Schema writer = new Schema.Parser().parse(text);
            int id = registry.register("writer-" + s, text);
            for (int i = 0; i < EVENTS_EACH; i++) {
                byte[] bytes = encoded(id, writer, schemas.value(writer, 0), random.nextInt(4) == 0);
                if (agreed(text, bytes) instanceof Decoded.Read) {
                    read++;
                    fast += decoder.readFast(null, bytes) ? 1 : 0;
                }
                refused += agreed(text, damaged(bytes, random)) instanceof Decoded.Refused ? 1 : 0;
            }
        }

        assertThat(read).isGreaterThan(SCHEMAS * EVENTS_EACH / 2);
        assertThat(fast).isGreaterThan(read / 2);
        assertThat(refused).isGreaterThan(SCHEMAS * EVENTS_EACH / 2);
    }

    @Test
    void shouldAgreeOnOurOwnRecordsAndEveryTruncationAndEveryChangedByte() {
        byte[] good = good();
        assertThat(agreed("ours", good)).isEqualTo(new Decoded.Read<>(Fields.of(ContractRecords.action())));
        assertThat(decoder.readFast(null, good)).isTrue();

        for (int at = 0; at < good.length; at++) {
            agreed("cut at " + at, Arrays.copyOf(good, at));
            for (int value = 0; at > 4 && value < 256; value++) {
                byte[] changed = good.clone();
                changed[at] = (byte) value;
                agreed("byte " + at + " is " + value, changed);
            }
        }
        agreed("more after it", Arrays.copyOf(good, good.length + 1));
    }

    @Test
    void shouldRefuseWhatTheGeneralPathRefuses() {
        byte[] good = good();
        Headers newer = new RecordHeaders().add("__value_schema_id", new byte[17]);
        agreed("ours", good);

        assertThat(reason(decoder.decode("actions", null, null))).isEqualTo(RefusalReason.NULL_VALUE);
        assertThat(reason(decoder.decode("actions", newer, good))).isEqualTo(RefusalReason.UNSUPPORTED);
        assertThat(reason(decoder.decode("actions", new RecordHeaders(), new byte[] {0, 0, 0, 0, 99, 1})))
                .isEqualTo(RefusalReason.UNKNOWN_SCHEMA);
        assertThat(decoder.decode("actions", new RecordHeaders().add("x", new byte[1]), good))
                .isInstanceOf(Decoded.Read.class);
    }

    @ParameterizedTest
    @CsvSource({
        "length of a string in two bytes,  048200753102610261 02",
        "int that takes 5 bytes,           04753102650261 8280808000",
        "int that takes 6 bytes,           04753102650261 828080808000",
        "int out of range,                 04753102650261 ffffffff1f",
        "number of 10 bytes,               04753102650261 ffffffffffffffffff01",
        "number of 10 bytes and more bits, 04753102650261 ffffffffffffffffff7f",
        "number without an end,            04753102650261 ffffffffffffffffffff",
    })
    void shouldAgreeOnOddNumbers(String what, String hex) {
        for (String type : List.of("int", "long")) {
            int id = registry.register(type, REQUIRED.replace("\"int\"", "\"" + type + "\"") + "]}");

            agreed("plain", framed(id, "04753102650261 02"));
            agreed(what + " as " + type, framed(id, hex));
        }
    }

    @ParameterizedTest
    @CsvSource({
        // with blocks that say how long they are: rightly, wrongly, and beyond the end
        "array, string, 03 04 02 61 00",
        "array, string, 01 04 02 61 00",
        "array, string, 01 02 02 61 00",
        "array, string, 01 7e 02 61 00",
        "array, string, ffffffffffffffffff01 00 00",
        "array, null,   04 00",
        "array, null,   03 00 00",
        "map,   long,   02 02 61 02 00",
        "map,   long,   01 06 02 61 02 00",
        "map,   long,   01 08 02 61 02 00",
        "map,   long,   02 02 ff 02 00",
    })
    void shouldAgreeOnBlocksOfSkippedCollections(String kind, String item, String hex) {
        String items = kind.equals("map") ? "values" : "items";
        int id = registry.register(
                "blocks",
                REQUIRED + ",{\"name\":\"x\",\"type\":{\"type\":\"" + kind + "\",\"" + items + "\":\"" + item
                        + "\"}}]}");

        agreed("empty", framed(id, "04753102650261 02 00"));
        agreed(hex, framed(id, "04753102650261 02" + hex));
    }

    @Test
    void shouldTakeTheLastOfTwoAmountsOfAUnitAndMoreUnitsThanPlansDo() {
        int id = registry.register(
                "usage", REQUIRED + ",{\"name\":\"usage\",\"type\":{\"type\":\"map\",\"values\":\"long\"}}]}");
        agreed("none", framed(id, "04753102650261 02 00"));

        assertThat(agreed("twice", framed(id, "04753102650261 02 04 0261 02 0261 04 00")))
                .isInstanceOfSatisfying(
                        Decoded.Read.class,
                        both -> assertThat(both.value())
                                .extracting("usage")
                                .isEqualTo(UnitAmounts.of(Map.of("a", 2L))));
        StringBuilder many = new StringBuilder("04753102650261 02 28");
        for (int i = 0; i < 20; i++) {
            many.append("02")
                    .append(HexFormat.of().toHexDigits((byte) ('a' + i)))
                    .append("02");
        }
        assertThat(agreed("many", framed(id, many + "00"))).isInstanceOf(Decoded.Read.class);
    }

    @Test
    void shouldHoldTheDefaultsOfOurSchema() {
        int id = registry.register("required", REQUIRED + "]}");
        byte[] bytes = framed(id, "04753102650261 02");

        assertThat(agreed("first, by the general path", bytes)).isEqualTo(agreed("then by plan", bytes));
        assertThat(decoder.readFast(null, bytes)).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "userId,     02 0275 0253 0261 02,  00 0253 0261 02",
        "eventId,    0275 02 0253 0261 02,  0275 00 0261 02",
        "actionType, 0275 0253 02 0261 02,  0275 0253 00 02",
        "occurredAt, 0275 0253 0261 02 02,  0275 0253 0261 00",
    })
    void shouldNameNullInARequiredFieldWithoutTheGeneralPath(String field, String whole, String empty) {
        String type = field.equals("occurredAt") ? "\"int\"" : "\"string\"";
        String plain = "{\"name\":\"" + field + "\",\"type\":";
        int id = registry.register("nulls", REQUIRED.replace(plain + type, plain + "[\"null\"," + type + "]") + "]}");

        for (int i = 0; i < 2; i++) {
            assertThat(agreed("with a value", framed(id, whole))).isInstanceOf(Decoded.Read.class);
            assertThat(agreed("with null", framed(id, empty)))
                    .isEqualTo(new Decoded.Refused<>(
                            RefusalReason.MISSING_FIELD,
                            "the record has null for field " + field + ", which needs a value"));
        }
        assertThat(decoder.readFast(null, framed(id, whole))).isTrue();
        assertThat(decoder.readFast(null, framed(id, empty))).isTrue();
        agreed("null, and more after the record", framed(id, empty + "00"));
        agreed("null, and cut off", framed(id, empty.substring(0, empty.length() - 2)));
    }

    @Test
    void shouldNameWhatDoesNotFitWithoutTheGeneralPath() {
        int id = registry.register(
                "unfit",
                REQUIRED.replace(
                                "{\"name\":\"userId\",\"type\":\"string\"}",
                                "{\"name\":\"userId\",\"type\":[\"int\",\"string\"]}")
                        + ",{\"name\":\"model\",\"type\":[\"string\",\"null\",\"double\"]}"
                        + ",{\"name\":\"usage\",\"type\":[\"null\",{\"type\":\"map\",\"values\":[\"null\",\"int\",\"long\"]}]}]}");
        String good = "02 0275 0253 0261 02 02 0204 0263 0202 0264 0404 00";
        agreed("first, by the general path", framed(id, good));

        for (String each : List.of(
                good,
                "0002 0253 0261 02 02 0204 0263 0202 0264 0404 00", // a number for the user
                "0002 0253 0261 02 02 00", // that, and null for usage
                "02 0275 0253 0261 02 02 00", // null for usage
                "02 0275 0253 0261 02 04 0000000000000000 0200", // a double for the model
                "02 0275 0253 0261 02 02 0204 0263 00 0264 0404 00", // null for an amount
                "0002 0253 0261 02 02 0204 0263 00 0264 0404 00")) {
            agreed(each, framed(id, each));
            assertThat(decoder.readFast(null, framed(id, each))).as(each).isTrue();
        }
    }

    @Test
    void shouldHaveAStepForEveryFieldOfOurs() {
        Schema ours = ActionEvent.getClassSchema();

        assertThat(ActionPlan.of(ours).isFast()).isTrue();
        assertThat(ours.getFields()).hasSize(Fields.class.getRecordComponents().length);
    }

    @Test
    void shouldLeaveToAvroWhatPlansCannotDo() {
        Schema odd = new Schema.Parser().parse(REQUIRED + ",{\"name\":\"readOnly\",\"type\":\"string\"}]}");
        Schema never = new Schema.Parser().parse("{\"type\":\"record\",\"name\":\"ActionEvent\",\"fields\":[]}");

        assertThat(ActionPlan.of(odd).isFast()).isFalse();
        assertThat(ActionPlan.of(never).isFast()).isFalse();
        assertThat(ActionPlan.of(Schema.create(Schema.Type.STRING)).isFast()).isFalse();
    }

    @Test
    void shouldReadThroughAForeignSerdeToo() {
        byte[] good = good();
        Map<String, Object> config = Map.of(
                "schema.registry.url",
                registry.url(),
                "avro.serde.class",
                SchemaEvolutionTest.ForeignSerde.class.getName());
        try (RecordSerde<ActionEvent> foreign = RecordSerde.forValues(ActionEvent.class, config)) {
            ActionDecoder<Fields> byWayOf = ActionDecoder.of(foreign, Fields::new, 4);

            for (int i = 0; i < 2; i++) {
                assertThat(byWayOf.decode("actions", null, good))
                        .isEqualTo(new Decoded.Read<>(Fields.of(ContractRecords.action())));
            }
            assertThat(byWayOf.readFast(null, good)).isFalse();
        }
    }

    @Test
    void shouldAgreeWhenTextsDriveEachOtherOut() {
        decoder = ActionDecoder.keeping(2, serde, Fields::new);
        for (int i = 0; i < 1_000; i++) {
            ActionEvent event = ActionEvent.newBuilder(ContractRecords.action())
                    .setUserId("user-" + i % 7)
                    .setOrgId("org-" + i % 3)
                    .setUsage(Map.of("unit-" + i % 5, (long) i))
                    .build();
            byte[] bytes = Objects.requireNonNull(serde.serializer().serialize("actions", event));

            assertThat(agreed("event " + i, bytes)).isEqualTo(new Decoded.Read<>(Fields.of(event)));
        }
    }

    private Decoded<Fields> agreed(String what, byte[] bytes) {
        Decoded<Fields> general = switch (serde.decode("actions", null, bytes)) {
            case Decoded.Read<ActionEvent> read -> new Decoded.Read<>(Fields.of(read.value()));
            case Decoded.Refused<ActionEvent> refused -> new Decoded.Refused<>(refused.reason(), refused.detail());
        };
        Decoded<Fields> fast = decoder.decode("actions", null, bytes);
        if (!fast.equals(general)) {
            assertThat(fast)
                    .as("%s, bytes %s", what, HexFormat.of().formatHex(bytes))
                    .isEqualTo(general);
        }
        return fast;
    }

    private static RefusalReason reason(Decoded<Fields> decoded) {
        assertThat(decoded).isInstanceOf(Decoded.Refused.class);
        return ((Decoded.Refused<Fields>) decoded).reason();
    }

    private byte[] good() {
        return Objects.requireNonNull(serde.serializer().serialize("actions", ContractRecords.action()));
    }

    private static byte[] encoded(int id, Schema writer, @Nullable Object value, boolean sizedBlocks) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(0);
        out.writeBytes(ByteBuffer.allocate(4).putInt(id).array());
        try {
            EncoderFactory encoders = EncoderFactory.get();
            BinaryEncoder encoder =
                    sizedBlocks ? encoders.blockingBinaryEncoder(out, null) : encoders.binaryEncoder(out, null);
            new GenericDatumWriter<>(writer).write(value, encoder);
            encoder.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    /** Cut, lengthened or changed behind the schema id. */
    private static byte[] damaged(byte[] good, Random random) {
        byte[] bytes = good.clone();
        switch (random.nextInt(5)) {
            case 0 -> bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length));
            case 1 -> bytes = Arrays.copyOf(bytes, bytes.length + 1 + random.nextInt(3));
            case 2 -> bytes[5 + random.nextInt(bytes.length - 5)] ^= (byte) (1 << random.nextInt(8));
            default -> {
                for (int n = random.nextInt(3); n >= 0; n--) {
                    bytes[5 + random.nextInt(bytes.length - 5)] = (byte) random.nextInt(256);
                }
            }
        }
        return bytes;
    }

    private static byte[] framed(int id, String hex) {
        return HexFormat.of().parseHex("00" + HexFormat.of().toHexDigits(id) + hex.replace(" ", ""));
    }
}
