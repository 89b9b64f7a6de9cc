package dev.tally.streams.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.schemas.testing.MetricFamilies;
import dev.tally.schemas.testing.MetricFamilies.Family;
import java.lang.reflect.Field;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** docs/metrics.md says what the code says; what comes from state is compared with a running stack by the whole-system tests. */
class MetricsTest {

    private static final SortedMap<String, Family> DOCUMENTED = MetricFamilies.documented(Path.of(".."), "streams-app");

    // Gauges hold what they tell of weakly.
    private final InstantSource clock = InstantSource.fixed(Instant.parse("2026-11-21T12:00:00.500Z"));
    private final Health health = new Health(clock);

    @Test
    void shouldDocumentEachMetricAndNoOther() throws IllegalAccessException {
        // When
        Set<String> names = new TreeSet<>();
        for (Field constant : MetricNames.class.getDeclaredFields()) {
            names.add(MetricFamilies.stem((String) constant.get(null)));
        }

        // Then
        assertThat(DOCUMENTED.keySet().stream().map(MetricFamilies::stem).distinct())
                .containsExactlyInAnyOrderElementsOf(names);
    }

    @Test
    void shouldServeTypesAndLabelsAsDocumented() {
        // Given
        try (Metrics metrics = new Metrics(health, clock, 1)) {
            metrics.answered("GET", "/v1/users/{id}/usage", 200, Duration.ofMillis(30));

            // When
            String scrape = metrics.scrape();

            // Then
            SortedMap<String, Family> served =
                    MetricFamilies.only(MetricFamilies.scraped(scrape), name -> name.startsWith("tally_"));
            assertThat(served).hasSizeGreaterThan(10);
            assertThat(DOCUMENTED).containsAllEntriesOf(served);
            assertThat(scrape)
                    .contains("tally_ready 0.0")
                    .contains("tally_standby_replicas 1.0")
                    .contains("tally_clock_seconds 1.7952624005E9")
                    .contains("tally_alerts_raised_total{kind=\"pool_low\"} 0.0")
                    .contains(
                            "tally_http_requests_seconds_bucket{method=\"GET\",route=\"/v1/users/{id}/usage\",status=\"200\",le=\"0.025\"} 0")
                    .contains(
                            "tally_http_requests_seconds_bucket{method=\"GET\",route=\"/v1/users/{id}/usage\",status=\"200\",le=\"0.1\"} 1");
        }
    }
}
