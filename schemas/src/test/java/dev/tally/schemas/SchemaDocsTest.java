package dev.tally.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Every record, field and enum of the contract says what it means, and enums have a default for symbols of newer writers. */
final class SchemaDocsTest {

    @Test
    void shouldHaveADocEverywhereAndADefaultOnEnums() throws IOException {
        List<String> faults = new ArrayList<>();
        Map<String, JsonNode> files = files();
        files.forEach((name, schema) -> check(name, schema, faults));

        assertThat(files).hasSizeGreaterThanOrEqualTo(15);
        assertThat(faults).isEmpty();
    }

    private static Map<String, JsonNode> files() throws IOException {
        Map<String, JsonNode> files = new TreeMap<>();
        try (Stream<Path> paths = Files.list(Path.of("src/main/avro"))) {
            paths.filter(path -> path.toString().endsWith(".avsc"))
                    .forEach(path -> files.put(path.getFileName().toString(), read(path)));
        }
        return files;
    }

    private static JsonNode read(Path path) {
        try {
            return new ObjectMapper().readTree(path.toFile());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void check(String where, JsonNode node, List<String> faults) {
        String type = node.path("type").asText();
        boolean named = node.has("name");
        if (named && node.path("doc").asText().isBlank()) {
            faults.add(where + "." + node.path("name").asText() + " has no doc");
        }
        if (type.equals("enum") && !node.has("default")) {
            faults.add(where + "." + node.path("name").asText() + " has no default symbol");
        }
        String path = named ? where + "." + node.path("name").asText() : where;
        node.forEach(child -> check(path, child, faults));
    }
}
