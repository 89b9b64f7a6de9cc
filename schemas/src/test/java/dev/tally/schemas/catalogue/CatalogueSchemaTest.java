package dev.tally.schemas.catalogue;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.Error;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import dev.tally.schemas.Grant;
import dev.tally.schemas.Membership;
import dev.tally.schemas.Meter;
import dev.tally.schemas.Plan;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.Trigger;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.StreamSupport;
import org.apache.avro.Schema;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** The JSON Schema for editors says the same as the Avro schemas and as {@link CatalogueFile}. */
final class CatalogueSchemaTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    private static final Map<String, Schema> LISTS = Map.of(
            "meters", Meter.getClassSchema(),
            "plans", Plan.getClassSchema(),
            "subscriptions", Subscription.getClassSchema(),
            "grants", Grant.getClassSchema(),
            "memberships", Membership.getClassSchema());

    @Test
    void shouldHaveTheListsOfTheFile() throws IOException {
        JsonNode lists = schema().path("properties");

        assertThat(names(lists)).containsExactlyInAnyOrderElementsOf(LISTS.keySet());
        LISTS.forEach((list, record) -> assertThat(
                        lists.path(list).path("items").path("$ref").asText())
                .isEqualTo("#/$defs/" + record.getName()));
    }

    @Test
    void shouldHaveEveryFieldOfTheRecordsAndNoOther() throws IOException {
        JsonNode definitions = schema().path("$defs");
        Map<String, Schema> records = records();

        assertThat(records).hasSizeGreaterThan(10);
        records.forEach((name, record) -> {
            JsonNode definition = definitions.path(name);
            List<String> fields =
                    record.getFields().stream().map(Schema.Field::name).toList();
            assertThat(names(definition.path("properties"))).as(name).containsExactlyElementsOf(fields);
            assertThat(definition.path("additionalProperties").asBoolean(true))
                    .as(name)
                    .isFalse();
            assertThat(definition.path("description").asText()).as(name).isEqualTo(record.getDoc());
            for (Schema.Field field : record.getFields()) {
                JsonNode property = definition.path("properties").path(field.name());
                assertThat(property.path("description").asText())
                        .as(name + "." + field.name())
                        .isEqualTo(field.doc());
            }
        });
    }

    @Test
    void shouldRequireWhatHasNoDefault() throws IOException {
        JsonNode definitions = schema().path("$defs");

        records().forEach((name, record) -> {
            TreeSet<String> required = new TreeSet<>();
            record.getFields().stream()
                    .filter(field -> !field.hasDefaultValue())
                    .forEach(field -> required.add(field.name()));
            if (name.equals("Subscription")) {
                // Empty by the schema's default, which no subscription may be.
                required.add("phases");
            }
            assertThat(texts(definitions.path(name).path("required")))
                    .as(name)
                    .containsExactlyInAnyOrderElementsOf(required);
        });
    }

    @Test
    void shouldHaveEverySymbolOfTheEnums() throws IOException {
        JsonNode definitions = schema().path("$defs");

        int[] enums = {0};
        records().forEach((name, record) -> {
            for (Schema.Field field : record.getFields()) {
                if (field.schema().getType() == Schema.Type.ENUM) {
                    enums[0]++;
                    List<String> symbols = field.schema().getEnumSymbols().stream()
                            .filter(symbol -> !symbol.equals("UNKNOWN"))
                            .toList();
                    assertThat(symbols(definitions, name, field.name()))
                            .as(name + "." + field.name())
                            .containsExactlyElementsOf(symbols);
                }
            }
        });
        assertThat(enums[0]).isEqualTo(11);
        assertThat(symbols(definitions, "MeterFilter", "trigger"))
                .containsExactlyElementsOf(
                        Arrays.stream(Trigger.values()).map(Enum::name).toList());
    }

    @Test
    void shouldAcceptTheDemoCatalogueAndItsExamples() throws IOException {
        assertThat(errors(DemoCatalogue.text())).isEmpty();
        assertThat(errors(DemoCatalogue.examples())).isEmpty();
        assertThat(errors("meters: null\nplans: []")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[]",
                "meter: []",
                "meters: [{meterId: m}]",
                "meters: [{meterId: m, aggregation: UNKNOWN}]",
                "meters: [{meterId: m, aggregation: COUNT, where: {user: u}}]",
                "meters: [{meterId: m, aggregation: COUNT, where: {trigger: NEVER}}]",
                "meters: [{meterId: 7, aggregation: COUNT}]",
                "plans: [{planId: p, version: 0, payer: USER}]",
                "plans: [{planId: p, version: 1, payer: USER, colour: red}]",
                "plans: [{planId: p, version: 1, payer: USER, prices: {currency: usd, interval: MONTH}}]",
                "plans: [{planId: p, version: 1, payer: USER, prices: {currency: USD, interval: MONTH, base: 19.00}}]",
                "plans: [{planId: p, version: 1, payer: USER, limits: [{scope: USER, meter: m, window: DAY, amount: -1, beyond: PAUSE}]}]",
                "subscriptions: [{subject: u1, anchor: 2026-01-01T00:00:00Z, phases: [{planId: p, version: 1, effectiveFrom: 2026-01-01T00:00:00Z}]}]",
                "subscriptions: [{subject: \"user:u1\", anchor: 2026-01-01T00:00:00Z, phases: []}]",
                "subscriptions: [{subject: \"user:u1\", anchor: 2026-01-01, phases: [{planId: p, version: 1, effectiveFrom: 2026-01-01T00:00:00Z}]}]",
                "grants: [{subject: \"user:u1\", grantId: g, meter: m, amount: 1000000000001, effectiveAt: 2026-01-01T00:00:00Z}]",
                "grants: [{subject: \"user:u1\", grantId: g, meter: m, amount: 1, effectiveAt: 2026-01-01T00:00:00+01:00}]",
                "memberships: [{orgId: o, userId: u}]",
            })
    void shouldRefuseWhatTheFileRefuses(String yaml) throws IOException {
        assertThat(errors(yaml)).isNotEmpty();
        assertThat(isRefused(yaml)).as("the same by CatalogueFile").isTrue();
    }

    @Test
    void shouldBeNamedByTheDemoCatalogue() throws IOException {
        String first = DemoCatalogue.text().lines().findFirst().orElseThrow();
        String named = first.substring(first.indexOf("$schema=") + "$schema=".length());

        assertThat(first).startsWith("# yaml-language-server: $schema=");
        assertThat(Files.readString(DemoCatalogue.FILE.resolveSibling(named))).isEqualTo(CatalogueSchema.text());
    }

    private static boolean isRefused(String yaml) {
        try {
            CatalogueFile.parse(yaml, "c");
            return false;
        } catch (CatalogueException e) {
            return true;
        }
    }

    private static JsonNode schema() throws IOException {
        return JSON.readTree(CatalogueSchema.text());
    }

    private static List<Error> errors(String yaml) throws IOException {
        Object read = new Load(LoadSettings.builder().build()).loadFromString(yaml);
        return SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
                .getSchema(schema())
                .validate(JSON.<JsonNode>valueToTree(read));
    }

    private static Map<String, Schema> records() {
        Map<String, Schema> found = new TreeMap<>();
        LISTS.values().forEach(schema -> collect(schema, found));
        return found;
    }

    private static void collect(Schema schema, Map<String, Schema> found) {
        switch (schema.getType()) {
            case RECORD -> {
                if (found.putIfAbsent(schema.getName(), schema) == null) {
                    schema.getFields().forEach(field -> collect(field.schema(), found));
                }
            }
            case UNION -> schema.getTypes().forEach(one -> collect(one, found));
            case ARRAY -> collect(schema.getElementType(), found);
            default -> {}
        }
    }

    private static List<String> symbols(JsonNode definitions, String record, String field) {
        return texts(definitions.path(record).path("properties").path(field).path("enum")).stream()
                .filter(symbol -> !symbol.equals("null"))
                .toList();
    }

    private static List<String> names(JsonNode object) {
        return List.copyOf(object.properties()).stream().map(Map.Entry::getKey).toList();
    }

    private static List<String> texts(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false)
                .map(JsonNode::asText)
                .toList();
    }
}
