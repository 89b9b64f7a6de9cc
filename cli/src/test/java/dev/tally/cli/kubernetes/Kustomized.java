package dev.tally.cli.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/**
 * What a kustomization comes to: as much of kustomize as the manifests use, which is resources, components, generated config maps and patches.
 * Anything else in a kustomization is refused, so that no test passes over it.
 */
final class Kustomized {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Set<String> KNOWN = Set.of(
            "apiVersion",
            "kind",
            "namespace",
            "resources",
            "components",
            "images",
            "configMapGenerator",
            "patches",
            "labels");

    private final List<ObjectNode> documents = new ArrayList<>();
    private final Map<String, Map<String, String>> configMaps = new LinkedHashMap<>();
    private final Set<Path> files = new TreeSet<>();

    private Kustomized() {}

    static Kustomized of(Path folder) {
        Kustomized all = new Kustomized();
        all.add(folder.normalize());
        return all;
    }

    /** The documents of a YAML file. */
    static List<JsonNode> yaml(Path file) {
        List<JsonNode> documents = new ArrayList<>();
        new Load(LoadSettings.builder().build())
                .loadAllFromString(text(file))
                .forEach(document -> documents.add(JSON.valueToTree(document)));
        return documents;
    }

    List<ObjectNode> documents() {
        return documents;
    }

    ObjectNode document(String kind, String name) {
        return documents.stream()
                .filter(one -> one.path("kind").asText().equals(kind)
                        && one.at("/metadata/name").asText().equals(name))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no " + kind + " " + name));
    }

    /** Keys and values, by name. */
    Map<String, Map<String, String>> configMaps() {
        return configMaps;
    }

    /** All files that it is made of. */
    Set<Path> files() {
        return files;
    }

    private void add(Path folder) {
        Path file = seen(folder.resolve("kustomization.yaml"));
        JsonNode kustomization = yaml(file).getFirst();
        kustomization.fieldNames().forEachRemaining(field -> {
            if (!KNOWN.contains(field)) {
                throw new AssertionError(file + " has " + field + ", which is not known here");
            }
        });
        for (String list : List.of("resources", "components")) {
            kustomization.path(list).forEach(one -> {
                Path path = folder.resolve(one.asText()).normalize();
                if (Files.isDirectory(path)) {
                    add(path);
                } else {
                    yaml(seen(path)).forEach(document -> documents.add((ObjectNode) document));
                }
            });
        }
        kustomization.path("configMapGenerator").forEach(one -> generate(folder, one));
        kustomization
                .path("patches")
                .forEach(one -> patch(
                        yaml(seen(folder.resolve(one.required("path").asText())))
                                .getFirst(),
                        one.path("target")));
    }

    private Path seen(Path file) {
        files.add(file.normalize());
        return file;
    }

    private void generate(Path folder, JsonNode generator) {
        Map<String, String> values = new TreeMap<>();
        generator
                .path("envs")
                .forEach(env -> text(seen(folder.resolve(env.asText())))
                        .lines()
                        .filter(line -> !line.isBlank() && !line.startsWith("#"))
                        .forEach(line -> put(values, line)));
        generator.path("literals").forEach(literal -> put(values, literal.asText()));
        generator.path("files").forEach(file -> values.put(file.asText(), text(seen(folder.resolve(file.asText())))));
        Map<String, String> known =
                configMaps.computeIfAbsent(generator.required("name").asText(), any -> new TreeMap<>());
        if (!generator.path("behavior").asText().equals("merge")) {
            known.clear();
        }
        known.putAll(values);
    }

    private static void put(Map<String, String> values, String line) {
        int equals = line.indexOf('=');
        values.put(line.substring(0, equals), line.substring(equals + 1));
    }

    /** A list is a JSON patch, of which only removals are known; anything else is merged. */
    private void patch(JsonNode patch, JsonNode target) {
        if (patch.isArray()) {
            ObjectNode document = document(
                    target.required("kind").asText(), target.required("name").asText());
            for (JsonNode operation : patch) {
                String path = operation.required("path").asText();
                int last = path.lastIndexOf('/');
                JsonNode removed = ((ObjectNode) document.at(path.substring(0, last))).remove(path.substring(last + 1));
                if (!operation.required("op").asText().equals("remove") || removed == null) {
                    throw new AssertionError("cannot " + operation);
                }
            }
        } else {
            merge(
                    document(
                            patch.required("kind").asText(),
                            patch.at("/metadata/name").asText()),
                    (ObjectNode) patch);
        }
    }

    private static void merge(ObjectNode into, ObjectNode patch) {
        patch.properties().forEach(field -> {
            JsonNode before = into.get(field.getKey());
            if (before instanceof ObjectNode object && field.getValue() instanceof ObjectNode more) {
                merge(object, more);
            } else if (before instanceof ArrayNode list && field.getValue() instanceof ArrayNode more) {
                more.forEach(item -> mergeByName(list, (ObjectNode) item));
            } else {
                into.set(field.getKey(), field.getValue());
            }
        });
    }

    private static void mergeByName(ArrayNode list, ObjectNode item) {
        for (JsonNode one : list) {
            if (one.required("name").equals(item.required("name"))) {
                merge((ObjectNode) one, item);
                return;
            }
        }
        list.add(item);
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
