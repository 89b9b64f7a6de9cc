package dev.tally.schemas.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tally.schemas.testing.MetricFamilies.Family;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** What operators are given to watch Tally with: docs/metrics.md, the alert rules and dashboards under deploy/. */
public final class ObservedFiles {

    /** Labels that Prometheus adds to what it scrapes, and those of histograms' buckets. */
    public static final Set<String> TARGET_LABELS = Set.of("job", "instance", "le");

    /** Metrics that Prometheus makes itself, for each target. */
    public static final Set<String> OF_PROMETHEUS = Set.of("up");

    private static final List<String> SECTIONS = List.of("streams-app", "stripe-sink", "What Kafka and the JVM tell");

    /** A rule of deploy/prometheus/tally.rules.yml. */
    public record Rule(String name, String expression, String severity, String summary, String runbook) {}

    private ObservedFiles() {}

    /** All families of docs/metrics.md. */
    public static SortedMap<String, Family> documented(Path root) {
        SortedMap<String, Family> all = new TreeMap<>();
        SECTIONS.forEach(section -> all.putAll(MetricFamilies.documented(root, section)));
        return all;
    }

    /** The family of a metric as expressions name it: histograms of ours are asked for by their parts. */
    public static String family(String metric) {
        return metric.replaceFirst("_seconds_(bucket|sum|count)$", "_seconds");
    }

    /** The alert rules, in their order. */
    public static List<Rule> rules(Path root) {
        Object file = new Load(LoadSettings.builder().build())
                .loadFromString(text(root.resolve("deploy/prometheus/tally.rules.yml")));
        JsonNode groups = new ObjectMapper().valueToTree(file).path("groups");
        List<Rule> rules = new ArrayList<>();
        for (JsonNode group : groups) {
            for (JsonNode rule : group.path("rules")) {
                rules.add(new Rule(
                        rule.path("alert").asText(),
                        rule.path("expr").asText(),
                        rule.path("labels").path("severity").asText(),
                        rule.path("annotations").path("summary").asText(),
                        rule.path("annotations").path("runbook_url").asText()));
            }
        }
        return rules;
    }

    /** The dashboards. */
    public static List<JsonNode> dashboards(Path root) {
        try (Stream<Path> files = Files.list(root.resolve("deploy/grafana/dashboards"))) {
            List<JsonNode> dashboards = new ArrayList<>();
            for (Path file : files.sorted().toList()) {
                dashboards.add(new ObjectMapper().readTree(text(file)));
            }
            return dashboards;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The expressions of rules and dashboards. */
    public static Set<String> expressions(Path root) {
        Set<String> expressions = new TreeSet<>();
        rules(root).forEach(rule -> expressions.add(rule.expression()));
        dashboards(root).forEach(dashboard -> expressions.addAll(dashboard.findValuesAsText("expr")));
        return expressions;
    }

    /**
     * What expressions of rules and dashboards name and programs do not serve; empty when all is well. Of Tally's own metrics docs/metrics.md
     * tells what there is, since some are served only when there is something to tell.
     *
     * @param served the families of all programs
     */
    public static List<String> unserved(Path root, SortedMap<String, Family> served) {
        SortedMap<String, Family> known = new TreeMap<>(served);
        known.putAll(MetricFamilies.only(documented(root), name -> name.startsWith("tally_")));
        List<String> missing = new ArrayList<>();
        for (String expression : expressions(root)) {
            for (PromQl.Selector selector : PromQl.of(expression).selectors()) {
                Family family = known.get(selector.metric());
                if (family == null) {
                    family = known.get(family(selector.metric()));
                }
                Set<String> labels = new TreeSet<>(selector.labels());
                labels.removeAll(TARGET_LABELS);
                if (family == null && !OF_PROMETHEUS.contains(selector.metric())) {
                    missing.add(selector.metric() + " in " + expression);
                } else if (family != null && !family.labels().containsAll(labels)) {
                    missing.add("one of " + labels + " of " + selector.metric() + " in " + expression);
                }
            }
        }
        return missing;
    }

    /** Families that programs serve otherwise than docs/metrics.md has them. */
    public static List<String> misdocumented(Path root, Map<String, Family> served) {
        SortedMap<String, Family> documented = documented(root);
        List<String> wrong = new ArrayList<>();
        served.forEach((name, family) -> {
            Family expected = documented.get(name);
            if (expected == null ? name.startsWith("tally_") : !expected.equals(family)) {
                wrong.add(name + " is " + family + ", documented as " + expected);
            }
        });
        return wrong;
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
