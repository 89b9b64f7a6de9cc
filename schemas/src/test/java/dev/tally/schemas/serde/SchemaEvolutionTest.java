package dev.tally.schemas.serde;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.AdmissionCancel;
import dev.tally.schemas.AdmissionDecision;
import dev.tally.schemas.AdmissionRequest;
import dev.tally.schemas.CatalogueRemoval;
import dev.tally.schemas.Decision;
import dev.tally.schemas.Phase;
import dev.tally.schemas.SeatChange;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.Trigger;
import dev.tally.schemas.testing.ContractRecords;
import dev.tally.schemas.testing.RegistryFake;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaCompatibility.SchemaCompatibilityType;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.GenericRecordBuilder;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Records of older and newer writers, and of writers that have nothing to do with us. */
final class SchemaEvolutionTest {

    private static final String OLD_FIELDS = """
            {"name": "eventId", "type": "string"},
            {"name": "occurredAt", "type": {"type": "long", "logicalType": "timestamp-millis"}},
            {"name": "userId", "type": "string"}
            """;

    private RegistryFake registry;
    private ConfluentFormatSerde foreign;
    private RecordSerde<ActionEvent> serde;

    @BeforeEach
    void start() {
        registry = RegistryFake.start();
        foreign = new ConfluentFormatSerde();
        foreign.configure(config(), false);
        serde = RecordSerde.forValues(ActionEvent.class, config());
    }

    @AfterEach
    void stop() {
        serde.close();
        foreign.close();
        registry.close();
    }

    @Test
    void shouldReadAnOlderWriter() {
        Schema writer = record("ActionEvent", OLD_FIELDS + ", {\"name\": \"actionType\", \"type\": \"string\"}");

        Decoded<ActionEvent> decoded = decode(filled(writer));

        assertThat(decoded)
                .isEqualTo(new Decoded.Read<>(ActionEvent.newBuilder()
                        .setEventId("eventId")
                        .setOccurredAt(Instant.EPOCH)
                        .setUserId("userId")
                        .setActionType("actionType")
                        .build()));
    }

    @Test
    void shouldReadANewerWriter() {
        Schema writer = record("ActionEvent", OLD_FIELDS + """
                        , {"name": "added", "type": {"type": "array", "items": "string"}, "default": []},
                        {"name": "actionType", "type": "string"},
                        {"name": "trigger", "type": {"type": "enum", "name": "Trigger", "symbols": ["OTHER", "TELEPATHY"]}}
                        """);
        GenericRecord record = filled(writer);
        record.put("added", List.of("x"));
        record.put(
                "trigger", new GenericData.EnumSymbol(writer.getField("trigger").schema(), "TELEPATHY"));

        assertThat(decode(record))
                .isEqualTo(new Decoded.Read<>(ActionEvent.newBuilder()
                        .setEventId("eventId")
                        .setOccurredAt(Instant.EPOCH)
                        .setUserId("userId")
                        .setActionType("actionType")
                        .setTrigger(Trigger.OTHER)
                        .build()));
    }

    @Test
    void shouldNameTheFieldThatIsMissing() {
        assertThat(decode(filled(record("ActionEvent", OLD_FIELDS))))
                .isEqualTo(new Decoded.Refused<>(
                        RefusalReason.MISSING_FIELD, "the writer's schema has no field actionType"));
    }

    @Test
    void shouldRefuseAFieldOfAnotherType() {
        Schema writer = record("ActionEvent", OLD_FIELDS + ", {\"name\": \"actionType\", \"type\": \"boolean\"}");
        GenericRecord record = filled(record("ActionEvent", OLD_FIELDS));
        GenericRecord wrong = new GenericData.Record(writer);
        record.getSchema().getFields().forEach(field -> wrong.put(field.name(), record.get(field.name())));
        wrong.put("actionType", true);

        assertThat(refusal(decode(wrong)))
                .satisfies(refused -> assertThat(refused.reason()).isEqualTo(RefusalReason.UNDECODABLE))
                .satisfies(refused -> assertThat(refused.detail()).contains("TYPE_MISMATCH at /fields/6"));
    }

    @Test
    void shouldReadAUnionBranchThatFitsAndRefuseOneThatDoesNot() {
        Schema writer =
                record("ActionEvent", OLD_FIELDS + ", {\"name\": \"actionType\", \"type\": [\"string\", \"null\"]}");
        GenericRecord fits = filled(writer);
        fits.put("actionType", "ok");
        GenericRecord doesNot = filled(writer);
        doesNot.put("actionType", null);

        assertThat(decode(fits)).isInstanceOf(Decoded.Read.class);
        assertThat(decode(doesNot))
                .isEqualTo(new Decoded.Refused<>(
                        RefusalReason.MISSING_FIELD, "the record has null for field actionType, which needs a value"));
    }

    @Test
    void shouldReadATimeInAUnionOfTheWriter() {
        Schema writer = record(
                "ActionEvent",
                OLD_FIELDS
                                .replace("{\"type\": \"long\"", "[\"null\", {\"type\": \"long\"")
                                .replace("timestamp-millis\"}", "timestamp-millis\"}]")
                        + ", {\"name\": \"actionType\", \"type\": \"string\"}");
        GenericRecord fits = filled(writer);
        fits.put("occurredAt", 1_790_000_000_000L);
        GenericRecord doesNot = filled(writer);

        assertThat(decode(fits))
                .isEqualTo(new Decoded.Read<>(ActionEvent.newBuilder()
                        .setEventId("eventId")
                        .setOccurredAt(Instant.ofEpochMilli(1_790_000_000_000L))
                        .setUserId("userId")
                        .setActionType("actionType")
                        .build()));
        assertThat(decode(doesNot))
                .isEqualTo(new Decoded.Refused<>(
                        RefusalReason.MISSING_FIELD, "the record has null for field occurredAt, which needs a value"));
    }

    @Test
    void shouldReadATimeInAUnionWithinNestedRecords() {
        Schema phase = new Schema.Parser()
                .parse(Phase.getClassSchema()
                        .toString()
                        .replace(
                                "{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}",
                                "[\"null\",{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}]"));
        Schema writer = record(
                "Subscription",
                "{\"name\": \"subject\", \"type\": \"string\"},"
                        + "{\"name\": \"anchor\", \"type\": \"long\"},"
                        + "{\"name\": \"phases\", \"type\": {\"type\": \"array\", \"items\": " + phase + "}}");
        GenericRecord one =
                new GenericData.Record(writer.getField("phases").schema().getElementType());
        one.put("planId", "pro");
        one.put("version", 1);
        one.put("effectiveFrom", 86_400_000L);
        GenericRecord record = filled(writer);
        record.put("subject", "user:u1");
        record.put("phases", List.of(one));
        try (RecordSerde<Subscription> subscriptions = RecordSerde.forValues(Subscription.class, config())) {
            Decoded<Subscription> decoded = subscriptions.decode(
                    "subscriptions", null, foreign.serializer().serialize("subscriptions", record));

            assertThat(decoded)
                    .isEqualTo(new Decoded.Read<>(Subscription.newBuilder()
                            .setSubject("user:u1")
                            .setAnchor(Instant.EPOCH)
                            .setPhases(List.of(new Phase("pro", 1, Instant.ofEpochMilli(86_400_000L))))
                            .build()));
        }
    }

    @Test
    void shouldRefuseAnotherRecordType() {
        Schema writer = record("Payment", OLD_FIELDS + ", {\"name\": \"actionType\", \"type\": \"string\"}");

        assertThat(decode(filled(writer)))
                .isEqualTo(new Decoded.Refused<>(
                        RefusalReason.UNDECODABLE,
                        "the value is a com.acme.Payment where dev.tally.schemas.ActionEvent is expected"));
    }

    @Test
    void shouldTellTheTypesOfAMixedTopicApart() {
        try (RecordSerdes serdes = new RecordSerdes(config())) {
            AnyRecordSerde any = serdes.anyOf(CatalogueRemoval.class, SeatChange.class);
            any.prepare("subject-log");
            CatalogueRemoval removal = new CatalogueRemoval("plans", "pro@1");
            byte[] bytes = Objects.requireNonNull(any.serializer().serialize("subject-log", removal));
            byte[] other = Objects.requireNonNull(
                    serdes.of(ActionEvent.class).serializer().serialize("actions", ContractRecords.action()));

            assertThat(any.decode("subject-log", null, bytes)).isEqualTo(new Decoded.Read<SpecificRecord>(removal));
            assertThat(refusal(any.decode("subject-log", null, other)).reason()).isEqualTo(RefusalReason.UNDECODABLE);
            assertThat(registry.subjects())
                    .containsExactly(
                            "subject-log-dev.tally.schemas.CatalogueRemoval",
                            "subject-log-dev.tally.schemas.SeatChange",
                            "actions-value");
        }
    }

    @Test
    void shouldTellRequestsAndCancelsOfAdmissionsApart() {
        try (RecordSerdes serdes = new RecordSerdes(config())) {
            AnyRecordSerde any = serdes.anyOf(AdmissionRequest.class, AdmissionCancel.class);
            AdmissionRequest request = new AdmissionRequest("x", "user:u", "u", null, "s", Map.of("credits", 1L), 1L);
            AdmissionCancel cancel = new AdmissionCancel("x", "user:u");
            for (SpecificRecord record : List.of(request, cancel)) {
                byte[] bytes = Objects.requireNonNull(any.serializer().serialize("subject-log", record));

                assertThat(any.decode("subject-log", null, bytes)).isEqualTo(new Decoded.Read<>(record));
            }
        }
    }

    @Test
    void shouldReadADecisionThatDoesNotSayWhatRemains() {
        Schema now = AdmissionDecision.getClassSchema();
        Schema before = Schema.createRecord(
                now.getName(),
                now.getDoc(),
                now.getNamespace(),
                false,
                now.getFields().stream()
                        .filter(field -> !field.name().equals("remaining"))
                        .map(field -> new Schema.Field(field, field.schema()))
                        .toList());
        GenericRecord record = new GenericRecordBuilder(before)
                .set("actionId", "x")
                .set("payer", "user:u")
                .set("userId", "u")
                .set(
                        "decision",
                        new GenericData.EnumSymbol(before.getField("decision").schema(), "ADMIT"))
                .set("revision", 1)
                .set("at", 0L)
                .build();
        try (RecordSerde<AdmissionDecision> decisions = RecordSerde.forValues(AdmissionDecision.class, config())) {
            Decoded<AdmissionDecision> decoded =
                    decisions.decode("admissions", null, foreign.serializer().serialize("admissions", record));

            assertThat(decoded)
                    .isEqualTo(new Decoded.Read<>(AdmissionDecision.newBuilder()
                            .setActionId("x")
                            .setPayer("user:u")
                            .setUserId("u")
                            .setDecision(Decision.ADMIT)
                            .setRevision(1)
                            .setAt(Instant.EPOCH)
                            .build()));
        }
        assertThat(SchemaCompatibility.checkReaderWriterCompatibility(before, now)
                        .getType())
                .as("older readers of newer decisions")
                .isEqualTo(SchemaCompatibilityType.COMPATIBLE);
    }

    @Test
    void shouldRegisterThePlainSchema() {
        serde.prepare("actions");

        String registered = registry.schemas("actions-value").getFirst();
        assertThat(registered)
                .doesNotContain("avro.java.string")
                .contains("\"name\":\"eventId\",\"type\":\"string\",\"doc\":\"Names the action");
        assertThat(new Schema.Parser().parse(registered).getFields()).hasSize(12);
    }

    @Test
    void shouldWorkThroughAForeignSerdeToo() {
        Map<String, Object> config =
                Map.of("schema.registry.url", registry.url(), "avro.serde.class", ForeignSerde.class.getName());
        RecordSerde<ActionEvent> byWayOf = RecordSerde.forValues(ActionEvent.class, config);

        byte[] bytes = Objects.requireNonNull(byWayOf.serializer().serialize("actions", ContractRecords.action()));

        assertThat(bytes).isEqualTo(serde.serializer().serialize("actions", ContractRecords.action()));
        assertThat(byWayOf.decode("actions", null, bytes)).isEqualTo(new Decoded.Read<>(ContractRecords.action()));
        assertThat(refusal(byWayOf.decode("actions", null, new byte[] {0, 0, 0, 0, 99, 1}))
                        .reason())
                .isEqualTo(RefusalReason.UNKNOWN_SCHEMA);
        byWayOf.close();
    }

    /** Stands for a serde that is not ours: loaded by name, not recognised. */
    public static final class ForeignSerde implements Serde<GenericRecord> {
        private final ConfluentFormatSerde inner = new ConfluentFormatSerde();

        @Override
        public void configure(Map<String, ?> configs, boolean isKey) {
            inner.configure(configs, isKey);
        }

        @Override
        public Serializer<GenericRecord> serializer() {
            return inner.serializer();
        }

        @Override
        public Deserializer<GenericRecord> deserializer() {
            return inner.deserializer();
        }

        @Override
        public void close() {
            inner.close();
        }
    }

    private Map<String, Object> config() {
        return Map.of("schema.registry.url", registry.url());
    }

    private Decoded<ActionEvent> decode(GenericRecord record) {
        return serde.decode("actions", null, foreign.serializer().serialize("actions", record));
    }

    private static Decoded.Refused<?> refusal(Decoded<?> decoded) {
        assertThat(decoded).isInstanceOf(Decoded.Refused.class);
        return (Decoded.Refused<?>) decoded;
    }

    private static Schema record(String name, String fields) {
        return new Schema.Parser()
                .parse("{\"type\": \"record\", \"namespace\": \"com.acme\", \"name\": \"" + name + "\", \"fields\": ["
                        + fields + "]}");
    }

    private static GenericRecord filled(Schema schema) {
        GenericRecord record = new GenericData.Record(schema);
        for (Schema.Field field : schema.getFields()) {
            if (field.schema().getType() == Schema.Type.STRING) {
                record.put(field.name(), field.name());
            } else if (field.schema().getType() == Schema.Type.LONG) {
                record.put(field.name(), 0L);
            }
        }
        return record;
    }
}
