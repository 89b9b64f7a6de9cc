package dev.tally.sink.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.schemas.testing.MetricFamilies;
import dev.tally.schemas.testing.MetricFamilies.Family;
import dev.tally.sink.alerts.AlertOutcome;
import dev.tally.sink.alerts.Channel;
import dev.tally.sink.alerts.Routing;
import dev.tally.sink.delivery.DeliveryStatus;
import dev.tally.sink.reconciling.Reconciliation;
import dev.tally.sink.reporting.Answer;
import dev.tally.sink.reporting.MinuteSum;
import dev.tally.sink.seats.SeatsListener;
import dev.tally.sink.seats.rules.ItemAnswer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** docs/metrics.md says what the code says. */
final class MetricsTest {
    private static final SortedMap<String, Family> DOCUMENTED = MetricFamilies.documented(Path.of(".."), "stripe-sink");

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final InstantSource clock = InstantSource.fixed(Instant.parse("2026-11-21T12:00:00Z"));

    @Test
    void shouldServeExactlyWhatIsDocumented() {
        // When each of them has been told something
        Gauge.builder(SinkMetrics.READY, () -> 1).register(registry);
        facts(new SinkMetrics(registry, new DeliveryStatus(), clock));
        seats(new SeatMetrics(registry, new DeliveryStatus(), clock));
        alerts(new AlertMetrics(registry, new DeliveryStatus(), clock));

        // Then
        assertThat(MetricFamilies.scraped(registry.scrape())).isEqualTo(DOCUMENTED);
    }

    private static void facts(SinkMetrics metrics) {
        metrics.attempted(new Answer.Permanent("resource_missing", "no such customer"));
        metrics.lookedUp(new MinuteSum.Of(BigDecimal.ONE));
        metrics.requested("taken_up");
        metrics.found(new DeliveryStatus.Findings(
                Optional.empty(), List.of(), new TreeMap<>(Map.of("tally_actions", List.of("is archived")))));
        metrics.reconciled(new Reconciliation(
                Instant.EPOCH, Instant.EPOCH.plusSeconds(3_600), List.of(), List.of(), List.of(), List.of()));
    }

    private static void seats(SeatMetrics metrics) {
        metrics.answered(new ItemAnswer.Failed(new Answer.Accepted()));
        metrics.checked(SeatsListener.Check.IN_STEP);
    }

    private static void alerts(AlertMetrics metrics) {
        metrics.settled(Channel.MAIL, new AlertOutcome.Dead("refused", "550"));
        metrics.retried(Channel.MAIL, "no_answer");
        metrics.skipped(Routing.Skip.NOBODY);
    }
}
