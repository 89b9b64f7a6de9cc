package dev.tally.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tally.schemas.testing.MetricFamilies;
import dev.tally.schemas.testing.MetricFamilies.Family;
import dev.tally.schemas.testing.ObservedFiles;
import dev.tally.schemas.testing.ObservedFiles.Rule;
import dev.tally.schemas.testing.PromQl;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Alert rules, runbooks, dashboards and docs/metrics.md speak of the same things. That programs serve them is checked in whole-system tests. */
class AlertRulesTest {

    private static final Path ROOT = Path.of("..");

    @Test
    void shouldHaveARunbookForEachRuleAndNoOther() throws IOException {
        // Given
        List<String> sections = Files.readString(ROOT.resolve("docs/runbooks.md"))
                .lines()
                .filter(line -> line.startsWith("## "))
                .map(line -> line.substring(3))
                .toList();

        // When
        List<Rule> rules = ObservedFiles.rules(ROOT);

        // Then in the same order
        assertThat(rules).extracting(Rule::name).doesNotHaveDuplicates().containsExactlyElementsOf(sections);
        for (Rule rule : rules) {
            assertThat(rule.severity()).as(rule.name()).isIn("critical", "warning", "info");
            assertThat(rule.summary()).as(rule.name()).isNotBlank();
            assertThat(rule.runbook())
                    .isEqualTo("docs/runbooks.md#" + rule.name().toLowerCase(Locale.ROOT));
        }
    }

    @Test
    void shouldAskForDocumentedMetricsOnly() {
        // Given
        SortedMap<String, Family> documented = ObservedFiles.documented(ROOT);

        for (String expression : ObservedFiles.expressions(ROOT)) {
            // When
            PromQl query = PromQl.of(expression);

            // Then
            Set<String> labels = new TreeSet<>(ObservedFiles.TARGET_LABELS);
            for (PromQl.Selector selector : query.selectors()) {
                if (!ObservedFiles.OF_PROMETHEUS.contains(selector.metric())) {
                    assertThat(documented).as(expression).containsKey(ObservedFiles.family(selector.metric()));
                    labels.addAll(Objects.requireNonNull(documented.get(ObservedFiles.family(selector.metric())))
                            .labels());
                }
                assertThat(labels).as(expression).containsAll(selector.labels());
            }
            assertThat(labels).as(expression).containsAll(query.grouping());
        }
    }

    @Test
    void shouldShowOneSourceOfDataOnAllPanels() {
        for (JsonNode dashboard : ObservedFiles.dashboards(ROOT)) {
            assertThat(dashboard.path("uid").asText()).startsWith("tally-");
            assertThat(dashboard.findValues("datasource"))
                    .isNotEmpty()
                    .allSatisfy(
                            source -> assertThat(source.path("uid").asText()).isEqualTo("tally-prometheus"));
            assertThat(dashboard.path("panels").findValues("id"))
                    .extracting(JsonNode::asInt)
                    .doesNotHaveDuplicates();
        }
        assertThat(ObservedFiles.dashboards(ROOT)).hasSize(2);
    }

    @Test
    void shouldReadTheLanguageOfPrometheus() {
        // When
        PromQl query = PromQl.of(
                "sum by (job, le) (rate(a_total{x=\"}(\",y!~'b c'}[5m] offset 1h)) / on (z) group_left max(b) unless 2 * c > 1e9");

        // Then
        assertThat(query.selectors())
                .containsExactly(
                        new PromQl.Selector("a_total", Set.of("x", "y")),
                        new PromQl.Selector("b", Set.of()),
                        new PromQl.Selector("c", Set.of()));
        assertThat(query.grouping()).containsExactly("job", "le", "z");
        assertThat(MetricFamilies.stem("tally.ids.heap")).isEqualTo(MetricFamilies.stem("tally_ids_heap_bytes"));
    }
}
