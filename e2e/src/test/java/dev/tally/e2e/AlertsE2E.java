package dev.tally.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.schemas.AlertKind;
import dev.tally.schemas.QuotaAlert;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** A Starter user's alerts, once each, whatever is restarted in between. */
class AlertsE2E {

    @Test
    void shouldAlertOnceAtEachThresholdAcrossRestarts() {
        try (LocalStack stack = new LocalStack("alerts")) {
            stack.start();
            Wire wire = new Wire(stack);
            // A day that is over soon would split the actions: all carry the same instant, of the day that began last.
            Instant at = Instant.now().truncatedTo(ChronoUnit.DAYS);

            // When
            publish(stack, at, 1, 79);
            awaitCounted(wire, 79);
            List<QuotaAlert> before = alerts(wire);
            publish(stack, at, 80, 90);
            awaitCounted(wire, 90);
            stack.stop();
            stack.start();
            publish(stack, at, 91, 100);
            awaitCounted(wire, 100);
            stack.kill9("streams-app");
            publish(stack, at, 101, 120);
            publish(stack, at, 1, 120);
            awaitCounted(wire, 120);

            // Then
            assertThat(before).isEmpty();
            Awaitility.await()
                    .atMost(Duration.ofSeconds(30))
                    .untilAsserted(() -> assertThat(alerts(wire)).hasSize(3));
            assertThat(alerts(wire))
                    .extracting(QuotaAlert::getKind, QuotaAlert::getCause, QuotaAlert::getUsed, QuotaAlert::getLate)
                    .containsExactly(
                            org.assertj.core.groups.Tuple.tuple(AlertKind.WARNING, "a80", 80L, false),
                            org.assertj.core.groups.Tuple.tuple(AlertKind.REACHED, "a100", 100L, false),
                            org.assertj.core.groups.Tuple.tuple(AlertKind.EXCEEDED, "a101", 101L, false));
            assertThat(wire.records("quota-alerts"))
                    .extracting(record -> new String(record.key(), StandardCharsets.UTF_8))
                    .containsOnly("user:demo-starter");
            var usage = wire.get(stack.app() + "/v1/users/demo-starter/usage?day="
                    + at.toString().substring(0, 10));
            assertThat(usage.path("limit").asLong()).isEqualTo(100);
            assertThat(usage.path("state").asText()).isEqualTo("EXCEEDED");
        }
    }

    private static List<QuotaAlert> alerts(Wire wire) {
        return wire.values("quota-alerts", QuotaAlert.class);
    }

    private static void awaitCounted(Wire wire, long count) {
        Awaitility.await()
                .atMost(Duration.ofMinutes(2))
                .ignoreExceptionsMatching(e -> e instanceof AssertionError)
                .untilAsserted(() -> assertThat(wire.conservation("counted")).isEqualTo(count));
    }

    private static void publish(LocalStack stack, Instant at, int from, int to) {
        StringBuilder lines = new StringBuilder();
        for (int i = from; i <= to; i++) {
            lines.append(
                    "{\"eventId\":\"a%d\",\"occurredAt\":\"%s\",\"userId\":\"demo-starter\",\"actionType\":\"x\"}\n"
                            .formatted(i, at));
        }
        List<String> command = new ArrayList<>(List.of("publish", "-", "--app", stack.app()));
        command.addAll(List.of(stack.servers()));
        Tally.Result result = Tally.run(command, lines.toString());
        assertThat(result.code()).as(result.output()).isZero();
    }
}
