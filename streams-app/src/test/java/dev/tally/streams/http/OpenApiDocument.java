package dev.tally.streams.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/** The OpenAPI document as the judge of answers: nothing may be answered that it does not describe. */
final class OpenApiDocument {

    static final ObjectMapper MAPPER = new ObjectMapper();

    private static final Set<Integer> ON_ANY_OPERATION = Set.of(401, 403, 429, 500);

    private final JsonNode document;
    private final SchemaRegistry schemas = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);

    OpenApiDocument() {
        try (InputStream in =
                Objects.requireNonNull(OpenApiDocument.class.getResourceAsStream("/openapi.json"), "openapi.json")) {
            document = MAPPER.readTree(in);
        } catch (IOException e) {
            throw new IllegalStateException("openapi.json cannot be read", e);
        }
    }

    private List<String> paths() {
        List<String> paths = new ArrayList<>();
        document.get("paths").fieldNames().forEachRemaining(paths::add);
        return paths;
    }

    /** Each as a method and a path. */
    List<String> operations() {
        List<String> operations = new ArrayList<>();
        document.get("paths")
                .properties()
                .forEach(path -> path.getValue()
                        .fieldNames()
                        .forEachRemaining(
                                method -> operations.add(method.toUpperCase(Locale.ROOT) + " " + path.getKey())));
        return operations;
    }

    JsonNode root() {
        return document;
    }

    /** Fails when the document does not describe this answer. */
    void assertDescribes(String method, String rawPath, int status, String contentType, String body)
            throws IOException {
        String mediaType = contentType.replaceFirst(";.*", "");
        Optional<String> path =
                paths().stream().filter(template -> matches(template, rawPath)).findFirst();
        if ((ON_ANY_OPERATION.contains(status) && isOnAny(body)) || path.isEmpty()) {
            assertValid(reference("schemas", "Problem"), body);
            return;
        }
        JsonNode answer = resolved(document.at("/paths")
                .path(path.get())
                .path(method.toLowerCase(Locale.ROOT))
                .at("/responses/" + status));
        assertThat(answer.isMissingNode())
                .as("%s of %s %s is described", status, method, path.get())
                .isFalse();
        JsonNode schema = answer.path("content").path(mediaType).path("schema");
        assertThat(schema.isMissingNode())
                .as("%s of %s as %s is described", status, path.get(), mediaType)
                .isFalse();
        if (mediaType.endsWith("ndjson")) {
            for (String line : body.lines().toList()) {
                assertValid(schema, line);
            }
        } else if (mediaType.endsWith("json")) {
            assertValid(schema, body);
        }
    }

    /** Problems that any operation may answer with, as the document says in general. */
    private static boolean isOnAny(String body) throws IOException {
        return !MAPPER.readTree(body).path("type").asText().equals("urn:tally:problem:forbidden");
    }

    private static boolean matches(String template, String rawPath) {
        return rawPath.matches(template.replaceAll("\\{[^}]*}", "[^/]+"));
    }

    private JsonNode resolved(JsonNode node) {
        return node.has("$ref") ? document.at(node.get("$ref").asText().substring(1)) : node;
    }

    private static JsonNode reference(String kind, String name) {
        return MAPPER.createObjectNode().put("$ref", "#/components/" + kind + "/" + name);
    }

    private void assertValid(JsonNode schema, String body) throws IOException {
        ObjectNode whole = MAPPER.createObjectNode();
        whole.set("components", document.get("components"));
        whole.putArray("allOf").add(schema);
        assertThat(schemas.getSchema(whole)
                        .validate(
                                MAPPER.readTree(body),
                                context -> context.executionConfig(config -> config.formatAssertionsEnabled(true))))
                .as("problems of %s", body)
                .isEmpty();
    }
}
