package dev.tally.schemas.serde;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.apache.avro.Schema;

/** The text of a schema as the registry gets it: as in the .avsc, without what the Java code generator adds ({@code avro.java.string}). */
final class SchemaText {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String JAVA_STRING = "avro.java.string";

    private SchemaText() {}

    static String plain(Schema schema) {
        String text = schema.toString();
        if (!text.contains(JAVA_STRING)) {
            return text;
        }
        try {
            return JSON.writeValueAsString(plain(JSON.readTree(text)));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("Avro wrote a schema that is not JSON", e);
        }
    }

    static Schema plainSchema(Schema schema) {
        return new Schema.Parser().parse(plain(schema));
    }

    private static JsonNode plain(JsonNode node) {
        if (node instanceof ArrayNode array) {
            ArrayNode copy = JsonNodeFactory.instance.arrayNode();
            array.forEach(element -> copy.add(plain(element)));
            return copy;
        }
        if (node instanceof ObjectNode object) {
            ObjectNode copy = JsonNodeFactory.instance.objectNode();
            object.properties().forEach(entry -> {
                if (!entry.getKey().equals(JAVA_STRING)) {
                    copy.set(entry.getKey(), plain(entry.getValue()));
                }
            });
            boolean onlyType = object.has(JAVA_STRING)
                    && copy.size() == 1
                    && copy.path("type").isTextual();
            return onlyType ? copy.get("type") : copy;
        }
        return node;
    }
}
