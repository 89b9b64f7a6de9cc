package dev.tally.cli.standin;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.dialect.Dialects;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Validates parameters against {@code billing-facts.json} (names, types and limits derived from the public stripe-java 33.3.0
 * sources, see the README beside it) and words what is wrong as Stripe does.
 */
final class RequestRules {

    private final JsonNode paths;
    private final SchemaRegistry registry = SchemaRegistry.withDialect(Dialects.getOpenApi30());
    private final Map<String, Compiled> compiled = new ConcurrentHashMap<>();

    private record Compiled(JsonNode node, Schema schema) {}

    RequestRules() {
        try (InputStream in = Objects.requireNonNull(
                RequestRules.class.getResourceAsStream("/standin/billing-facts.json"),
                "billing-facts.json is missing")) {
            this.paths = Json.MAPPER.readTree(in).path("paths");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * The form body of a POST, typed.
     *
     * @throws Refusal naming the first parameter that is wrong
     */
    JsonNode body(String template, String encoded) {
        return check(
                compiled.computeIfAbsent(
                        "post " + template,
                        key -> compile(paths.path(template)
                                .path("post")
                                .path("requestBody")
                                .path("content")
                                .path("application/x-www-form-urlencoded")
                                .path("schema"))),
                encoded);
    }

    /**
     * The JSON body of a POST.
     *
     * @throws Refusal naming the first parameter that is wrong
     */
    JsonNode json(String template, String text) {
        JsonNode body;
        try {
            body = Json.MAPPER.readTree(text);
        } catch (JsonProcessingException e) {
            throw Refusal.parameter(null, null, "Invalid request: the body is no JSON.");
        }
        Compiled compiledRules = compiled.computeIfAbsent(
                "post " + template,
                key -> compile(paths.path(template)
                        .path("post")
                        .path("requestBody")
                        .path("content")
                        .path("application/json")
                        .path("schema")));
        List<Error> errors = compiledRules.schema().validate(body);
        if (!errors.isEmpty()) {
            throw refusal(errors.getFirst(), body);
        }
        return body;
    }

    /**
     * The query parameters of a GET, typed.
     *
     * @throws Refusal naming the first parameter that is wrong
     */
    JsonNode query(String template, String encoded) {
        return check(
                compiled.computeIfAbsent(
                        "get " + template,
                        key -> compile(
                                querySchema(paths.path(template).path("get").path("parameters")))),
                encoded);
    }

    private static JsonNode querySchema(JsonNode parameters) {
        ObjectNode schema = Json.object();
        schema.put("type", "object");
        ObjectNode properties = schema.putObject("properties");
        schema.put("additionalProperties", false);
        var required = Json.MAPPER.createArrayNode();
        for (JsonNode parameter : parameters) {
            if (parameter.path("in").asText().equals("query")) {
                properties.set(parameter.path("name").asText(), parameter.path("schema"));
                if (parameter.path("required").asBoolean()) {
                    required.add(parameter.path("name"));
                }
            }
        }
        if (!required.isEmpty()) {
            schema.set("required", required);
        }
        return schema;
    }

    private Compiled compile(JsonNode node) {
        if (!node.isObject()) {
            throw new IllegalStateException("billing-facts.json has no such operation");
        }
        return new Compiled(node, registry.getSchema(node));
    }

    private static JsonNode check(Compiled rules, String encoded) {
        JsonNode typed = Form.typed(Form.tree(Form.pairs(encoded)), rules.node());
        List<Error> errors = rules.schema().validate(typed);
        if (!errors.isEmpty()) {
            throw refusal(errors.getFirst(), typed);
        }
        return typed;
    }

    private static Refusal refusal(Error error, JsonNode typed) {
        String parent = bracketed(error);
        String property = error.getProperty() == null ? "" : error.getProperty();
        String child = parent.isEmpty() ? property : parent + "[" + property + "]";
        String value = Objects.toString(error.getInstanceNode(), typed.toString());
        return switch (error.getKeyword()) {
            case "additionalProperties" ->
                Refusal.parameter("parameter_unknown", child, "Received unknown parameter: " + child);
            case "required" -> Refusal.parameter("parameter_missing", child, "Missing required param: " + child + ".");
            case "maxLength" ->
                Refusal.parameter(null, parent, "Invalid string: " + parent + " is too long; " + error.getMessage());
            case "type" ->
                Refusal.parameter(
                        error.getMessage().contains("integer") ? "parameter_invalid_integer" : null,
                        parent,
                        "Invalid value for " + parent + ": " + value + "; " + error.getMessage());
            default ->
                Refusal.parameter(
                        null, parent, "Invalid value for " + parent + ": " + value + "; " + error.getMessage());
        };
    }

    private static String bracketed(Error error) {
        StringBuilder name = new StringBuilder();
        for (int i = 0; i < error.getInstanceLocation().getNameCount(); i++) {
            String element = error.getInstanceLocation().getName(i);
            name.append(i == 0 ? element : "[" + element + "]");
        }
        return name.toString();
    }
}
