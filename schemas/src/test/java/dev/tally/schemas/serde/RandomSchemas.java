package dev.tally.schemas.serde;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.jspecify.annotations.Nullable;

/** Writers' schemas of actions as others might write them, and values for any schema; all from one seed. */
final class RandomSchemas {

    private static final List<String> TEXT = List.of(
            "\"string\"",
            "\"string\"",
            "\"bytes\"",
            "[\"null\",\"string\"]",
            "[\"string\",\"bytes\",\"null\"]",
            "[\"int\",\"string\"]");
    private static final List<String> OPTIONAL = List.of(
            "[\"null\",\"string\"]",
            "[\"null\",\"string\"]",
            "[\"string\",\"null\"]",
            "\"string\"",
            "\"null\"",
            "\"bytes\"",
            "[\"bytes\",\"null\",\"string\"]");
    private static final List<String> TIME = List.of(
            "\"long\"",
            "{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}",
            "{\"type\":\"long\",\"logicalType\":\"timestamp-micros\"}",
            "\"int\"",
            "\"long\"",
            "{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}",
            "\"int\"",
            "[\"int\",\"long\",\"null\"]",
            "[\"null\",{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}]");
    private static final List<String> TRIGGER = List.of(
            "{\"type\":\"enum\",\"name\":\"Trigger\",\"symbols\":[\"OTHER\",\"TELEPATHY\",\"CHAT_COMMAND\"]}",
            "{\"type\":\"enum\",\"name\":\"Trigger\",\"namespace\":\"other\",\"symbols\":[\"AGENT_DECISION\"]}",
            "[\"null\",{\"type\":\"enum\",\"name\":\"Trigger\",\"symbols\":[\"INTEGRATION_EVENT\",\"OTHER\"]}]");
    private static final List<String> READ_ONLY = List.of("\"boolean\"", "\"boolean\"", "[\"boolean\",\"null\"]");
    private static final List<String> USAGE = List.of(
            "{\"type\":\"map\",\"values\":\"long\"}",
            "{\"type\":\"map\",\"values\":\"long\"}",
            "{\"type\":\"map\",\"values\":\"int\"}",
            "[\"null\",{\"type\":\"map\",\"values\":\"long\"}]",
            "{\"type\":\"map\",\"values\":[\"int\",\"long\"]}",
            "{\"type\":\"map\",\"values\":[\"null\",\"long\",\"string\"]}",
            "[\"null\",{\"type\":\"map\",\"values\":[\"null\",\"int\"]}]",
            "{\"type\":\"map\",\"values\":\"string\"}");
    private static final List<String> PRIMITIVES = List.of(
            "\"null\"",
            "\"boolean\"",
            "\"int\"",
            "\"long\"",
            "\"float\"",
            "\"double\"",
            "\"bytes\"",
            "\"string\"",
            "{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":9,\"scale\":2}",
            "{\"type\":\"string\",\"logicalType\":\"uuid\"}",
            "{\"type\":\"int\",\"logicalType\":\"date\"}");
    private static final List<String> WORDS =
            List.of("u1", "user-4711", "acme", "größe", "日本語", "😀 emoji", "credits", "input_tokens", "gpu_ms", "");

    private final Random random;
    private int names;

    RandomSchemas(Random random) {
        this.random = random;
    }

    /** A schema that ours can read, at least in some records. */
    String writer() {
        List<String> fields = new ArrayList<>();
        for (String name : List.of("eventId", "userId", "actionType")) {
            fields.add(field(name, random.nextInt(3) > 0 ? "\"string\"" : one(TEXT)));
        }
        fields.add(field("occurredAt", one(TIME)));
        for (String name : List.of("orgId", "spaceId", "model", "admissionId", "reverses")) {
            sometimes(fields, name, OPTIONAL);
        }
        sometimes(fields, "trigger", TRIGGER);
        sometimes(fields, "readOnly", READ_ONLY);
        sometimes(fields, "usage", USAGE);
        for (int i = random.nextInt(4); i > 0; i--) {
            fields.add(field("extra" + i, type(3)));
        }
        Collections.shuffle(fields, random);
        String namespace = random.nextBoolean() ? "dev.tally.schemas" : "com.acme";
        return "{\"type\":\"record\",\"name\":\"ActionEvent\",\"namespace\":\"" + namespace + "\",\"fields\":["
                + String.join(",", fields) + "]}";
    }

    private void sometimes(List<String> fields, String name, List<String> types) {
        if (random.nextInt(4) > 0) {
            fields.add(field(name, one(types)));
        }
    }

    private static String field(String name, String type) {
        return "{\"name\":\"" + name + "\",\"type\":" + type + "}";
    }

    private String type(int depth) {
        return switch (depth == 0 ? 0 : random.nextInt(8)) {
            case 1 -> "{\"type\":\"array\",\"items\":" + type(depth - 1) + "}";
            case 2 -> "{\"type\":\"map\",\"values\":" + type(depth - 1) + "}";
            case 3 -> "{\"type\":\"enum\",\"name\":\"E" + names++ + "\",\"symbols\":[\"A\",\"B\",\"C\"]}";
            case 4 -> "{\"type\":\"fixed\",\"name\":\"F" + names++ + "\",\"size\":" + random.nextInt(9) + "}";
            case 5 -> "[\"null\",\"double\",{\"type\":\"array\",\"items\":" + type(depth - 1) + "}]";
            case 6 -> {
                String name = "R" + names++;
                yield "{\"type\":\"record\",\"name\":\"" + name + "\",\"fields\":[" + field("a", type(depth - 1)) + ","
                        + field("next", "[\"null\",\"" + name + "\"]") + "," + field("b", type(depth - 1)) + "]}";
            }
            default -> one(PRIMITIVES);
        };
    }

    /** A value of a schema, as GenericDatumWriter takes it. */
    @Nullable
    Object value(Schema schema, int depth) {
        return switch (schema.getType()) {
            case NULL -> null;
            case BOOLEAN -> random.nextBoolean();
            case INT -> (int) number();
            case LONG -> number();
            case FLOAT -> random.nextFloat();
            case DOUBLE -> random.nextDouble();
            case STRING -> text();
            case BYTES -> ByteBuffer.wrap(bytes());
            case ENUM ->
                new GenericData.EnumSymbol(
                        schema,
                        schema.getEnumSymbols()
                                .get(random.nextInt(schema.getEnumSymbols().size())));
            case FIXED -> new GenericData.Fixed(schema, new byte[schema.getFixedSize()]);
            case UNION -> value(branch(schema, depth), depth + 1);
            case ARRAY ->
                IntStream.range(0, size(depth))
                        .mapToObj(i -> value(schema.getElementType(), depth + 1))
                        .toList();
            case MAP -> {
                Map<String, @Nullable Object> map = new HashMap<>();
                for (int i = size(depth); i > 0; i--) {
                    map.put(text(), value(schema.getValueType(), depth + 1));
                }
                yield map;
            }
            case RECORD -> {
                GenericData.Record record = new GenericData.Record(schema);
                schema.getFields().forEach(field -> record.put(field.pos(), value(field.schema(), depth + 1)));
                yield record;
            }
        };
    }

    private Schema branch(Schema union, int depth) {
        List<Schema> branches = union.getTypes();
        Schema any = depth > 6 ? branches.getFirst() : branches.get(random.nextInt(branches.size()));
        // Text more often than not: a schema that has required fields in unions can read nothing else.
        return random.nextInt(4) == 0
                ? any
                : branches.stream()
                        .filter(branch -> branch.getType() == Schema.Type.STRING)
                        .findFirst()
                        .orElse(any);
    }

    private int size(int depth) {
        return depth > 4 ? 0 : random.nextInt(50) == 0 ? 20 : random.nextInt(4);
    }

    private long number() {
        return random.nextLong() >> random.nextInt(64);
    }

    private byte[] bytes() {
        if (random.nextInt(4) > 0) {
            return text().getBytes(StandardCharsets.UTF_8);
        }
        byte[] bytes = new byte[random.nextInt(10)];
        random.nextBytes(bytes);
        return bytes;
    }

    private String text() {
        return switch (random.nextInt(4)) {
            case 0 -> Long.toString(random.nextLong() >>> random.nextInt(64), 36);
            case 1 -> one(WORDS).repeat(random.nextInt(12));
            default -> one(WORDS);
        };
    }

    private String one(List<String> choices) {
        return choices.get(random.nextInt(choices.size()));
    }
}
