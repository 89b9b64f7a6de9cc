package dev.tally.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tally.schemas.BillableFact;
import dev.tally.schemas.testing.MetricFamilies;
import dev.tally.schemas.testing.MetricFamilies.Family;
import dev.tally.schemas.testing.ObservedFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.SortedMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** What an enterprise uses beyond its allocation reaches Stripe once, to the unit, though everything is killed meanwhile. */
class BillingE2E {

    private static final int ACTIONS = 101_234;
    private static final int RESENT = 1_000;

    @Test
    void shouldBillExactlyTheOverage() throws IOException {
        try (LocalStack stack =
                new LocalStack("billing", "--set", "billing.interval=1m", "--set", "billing.settle=1s")) {
            stack.start();
            Wire wire = new Wire(stack);
            // All in the last minutes before now, and in one billing period: the one that now lies in, also if it ends
            // meanwhile.
            Instant now = Instant.now();
            LocalDate period = LocalDate.ofInstant(now, ZoneOffset.UTC).withDayOfMonth(1);
            Instant periodStart = period.atStartOfDay(ZoneOffset.UTC).toInstant();
            Instant begin = now.minus(20, ChronoUnit.MINUTES);
            Path file = actions(begin.isBefore(periodStart) ? periodStart : begin, now);

            // When everything is published, and app and sink are killed meanwhile
            try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
                CompletableFuture<Void> publishing = CompletableFuture.runAsync(() -> publish(stack, file), executor);
                Awaitility.await()
                        .atMost(Duration.ofMinutes(1))
                        .pollInterval(Duration.ofMillis(50))
                        .until(() -> wire.conservation("read") > 30_000);
                stack.kill9("streams-app");
                stack.kill9("stripe-sink");
                publishing.join();
            }

            // Then
            String query = "customer=cus_demo_enterprise";
            Awaitility.await()
                    .atMost(Duration.ofMinutes(4))
                    .pollInterval(Duration.ofSeconds(1))
                    .ignoreExceptionsMatching(e -> e instanceof AssertionError)
                    .untilAsserted(() -> {
                        assertThat(wire.conservation("counted")).isEqualTo(ACTIONS);
                        assertThat(wire.conservation("duplicate")).isEqualTo(RESENT);
                        assertThat(usage(stack, wire, query)).isEqualTo(1_234);
                    });
            assertServed(stack, wire);
            stack.kill9("stripe-sink");
            long facts = wire.values("billable-usage", BillableFact.class).stream()
                    .mapToLong(BillableFact::getAmount)
                    .sum();
            assertThat(facts).isEqualTo(1_234);
            JsonNode invoice = wire.get(stack.stripe() + "/stand-in/invoice?" + query + "&period=" + period);
            System.out.println("invoice: " + invoice);
            assertThat(invoice.path("total").asText()).isEqualTo("502.09");
            assertThat(usage(stack, wire, query)).isEqualTo(1_234);
            JsonNode billing = wire.get(stack.app() + "/v1/orgs/demo-enterprise/billing?period=" + period);
            JsonNode meter = billing.path("meters").get(0);
            assertThat(meter.path("overage").asLong()).isEqualTo(1_234);
            assertThat(meter.path("includedRemaining").asLong()).isZero();
            assertThat(meter.path("unreported").asLong()).isZero();
        }
    }

    /** What dashboards and alert rules ask for is served, and all that is served is as docs/metrics.md has it. */
    private static void assertServed(LocalStack stack, Wire wire) {
        Awaitility.await()
                // What a running topology has of Kafka's metrics is looked for once a minute.
                .atMost(Duration.ofSeconds(90))
                .pollInterval(Duration.ofSeconds(1))
                .ignoreExceptionsMatching(e -> e instanceof AssertionError)
                .untilAsserted(() -> {
                    SortedMap<String, Family> served = MetricFamilies.scraped(wire.text(stack.app() + "/metrics"));
                    served.putAll(MetricFamilies.scraped(wire.text(stack.sink() + "/metrics")));
                    assertThat(ObservedFiles.unserved(Tally.ROOT, served)).isEmpty();
                    assertThat(ObservedFiles.misdocumented(Tally.ROOT, served)).isEmpty();
                });
    }

    private static long usage(LocalStack stack, Wire wire, String query) {
        return wire.get(stack.stripe() + "/stand-in/usage?event_name=tally_actions&" + query)
                .path("total")
                .asLong();
    }

    private static Path actions(Instant begin, Instant end) throws IOException {
        Random random = new Random(101_234);
        long span = Math.max(1, Duration.between(begin, end).toMillis());
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < ACTIONS; i++) {
            Instant at = begin.plusMillis(random.nextLong(span));
            lines.add(
                    "{\"eventId\":\"b%d\",\"occurredAt\":\"%s\",\"userId\":\"e-%d\",\"orgId\":\"demo-enterprise\",\"actionType\":\"x\"}"
                            .formatted(i, at, i % 200));
        }
        for (int i = 0; i < RESENT; i++) {
            lines.add(lines.get(random.nextInt(ACTIONS)));
        }
        Path file = Files.createTempFile("enterprise", ".ndjson");
        Files.write(file, lines);
        return file;
    }

    private static void publish(LocalStack stack, Path file) {
        List<String> command = new ArrayList<>(List.of("publish", file.toString(), "--app", stack.app()));
        command.addAll(List.of(stack.servers()));
        Tally.Result result = Tally.run(command, "");
        assertThat(result.code()).as(result.output()).isZero();
        System.out.print(result.output());
    }
}
