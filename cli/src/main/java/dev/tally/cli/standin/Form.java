package dev.tally.cli.standin;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Stripe's form encoding: {@code payload[value]=25&expand[0]=x}, in bodies and in query strings. */
final class Form {

    private static final Pattern NAME = Pattern.compile("([^\\[\\]]+)((?:\\[[^\\[\\]]*])*)");
    private static final Pattern PART = Pattern.compile("\\[([^\\[\\]]*)]");
    private static final Pattern INTEGER = Pattern.compile("-?[0-9]{1,18}");

    private Form() {}

    /**
     * The decoded pairs in order; of a repeated name the last value stands.
     *
     * @throws Refusal if a percent escape is malformed
     */
    static Map<String, String> pairs(String encoded) {
        Map<String, String> pairs = new LinkedHashMap<>();
        for (String pair : encoded.split("&", -1)) {
            if (pair.isEmpty()) {
                continue;
            }
            int equals = pair.indexOf('=');
            String name = equals < 0 ? pair : pair.substring(0, equals);
            pairs.put(decode(name), equals < 0 ? "" : decode(pair.substring(equals + 1)));
        }
        return pairs;
    }

    private static String decode(String text) {
        try {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw Refusal.parameter(null, null, "Invalid form encoding: " + e.getMessage());
        }
    }

    /**
     * Pairs as the JSON tree they describe, all leaves text.
     *
     * @throws Refusal for an empty value or for names that contradict each other
     */
    static ObjectNode tree(Map<String, String> pairs) {
        ObjectNode root = Json.object();
        pairs.forEach((name, value) -> {
            if (value.isEmpty()) {
                throw Refusal.parameter(
                        "parameter_invalid_empty",
                        name,
                        "You passed an empty string for '" + name
                                + "'. We assume empty values are an attempt to unset a parameter; however '" + name
                                + "' cannot be unset.");
            }
            place(root, name, value);
        });
        return root;
    }

    private static void place(ObjectNode root, String name, String value) {
        List<String> path = path(name);
        ObjectNode at = root;
        for (String step : path.subList(0, path.size() - 1)) {
            JsonNode next = at.get(step);
            if (next == null) {
                next = at.putObject(step);
            }
            if (!(next instanceof ObjectNode deeper)) {
                throw Refusal.parameter(null, name, "Invalid parameter: " + name);
            }
            at = deeper;
        }
        if (at.get(path.getLast()) instanceof ObjectNode) {
            throw Refusal.parameter(null, name, "Invalid parameter: " + name);
        }
        at.put(path.getLast(), value);
    }

    private static List<String> path(String name) {
        Matcher whole = NAME.matcher(name);
        if (!whole.matches()) {
            throw Refusal.parameter("parameter_unknown", name, "Received unknown parameter: " + name);
        }
        List<String> path = new ArrayList<>();
        path.add(whole.group(1));
        Matcher parts = PART.matcher(whole.group(2));
        while (parts.find()) {
            path.add(parts.group(1));
        }
        return path;
    }

    /** Gives text leaves the types the schema asks for; what does not fit stays text, for the validator to refuse. */
    static JsonNode typed(JsonNode value, JsonNode schema) {
        String type = schema.path("type").asText("");
        if (value instanceof TextNode text) {
            String content = text.textValue();
            return switch (type) {
                case "integer" ->
                    INTEGER.matcher(content).matches()
                            ? Json.MAPPER.getNodeFactory().numberNode(Long.parseLong(content))
                            : value;
                case "boolean" ->
                    content.equals("true") || content.equals("false")
                            ? Json.MAPPER.getNodeFactory().booleanNode(Boolean.parseBoolean(content))
                            : value;
                default -> value;
            };
        }
        if (value instanceof ObjectNode object && type.equals("array")) {
            ArrayNode array = Json.MAPPER.createArrayNode();
            object.forEach(element -> array.add(typed(element, schema.path("items"))));
            return array;
        }
        if (value instanceof ObjectNode object) {
            ObjectNode typed = Json.object();
            object.properties()
                    .forEach(field -> typed.set(
                            field.getKey(),
                            typed(field.getValue(), schema.path("properties").path(field.getKey()))));
            return typed;
        }
        return value;
    }
}
