package dev.tally.sink.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.schemas.AlertKind;
import dev.tally.schemas.BillableFact;
import dev.tally.schemas.FactKind;
import dev.tally.schemas.Phase;
import dev.tally.schemas.QuotaAlert;
import dev.tally.schemas.Scope;
import dev.tally.schemas.Severity;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.testing.MetricFamilies;
import dev.tally.schemas.testing.ObservedFiles;
import dev.tally.schemas.testing.RegistryFake;
import dev.tally.sink.testing.KafkaBroker;
import dev.tally.sink.testing.StripeFake;
import dev.tally.sink.testing.TestKafka;
import dev.tally.sink.testing.WebhookEndpoint;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

@Execution(ExecutionMode.CONCURRENT) // the topics' usual names are its own
@ExtendWith(TestKafka.Shared.class)
final class SinkAppTest {
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private final KafkaBroker broker;
    private final RegistryFake registry;

    SinkAppTest(TestKafka kafka) {
        this.broker = kafka.broker();
        this.registry = kafka.registry();
    }

    @Test
    void shouldWaitForItsTopicsThenDeliverThenEnd() throws Exception {
        try (StripeFake stripe = StripeFake.start();
                WebhookEndpoint endpoint = WebhookEndpoint.start()) {
            // Given: no topics yet
            SinkApp app = new SinkApp(SinkSettings.load(
                    Map.of(),
                    Map.of(),
                    Map.of(
                            "bootstrap.servers", broker.bootstrapServers(),
                            "schema.registry.url", registry.url(),
                            "stripe.api.base", stripe.url(),
                            "sink.instance", "one",
                            "alerts.webhook.secrets", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                            "alerts.webhook.http", "allowed",
                            "alerts.webhook.private", "allowed",
                            "http.port", "0"),
                    "random"));
            CompletableFuture<Boolean> ended = CompletableFuture.supplyAsync(() -> run(app), SinkAppTest::inOwnThread);
            String url = "http://127.0.0.1:" + app.port();
            Awaitility.await().untilAsserted(() -> {
                HttpResponse<String> ready = get(url + "/health/ready");
                assertThat(ready.statusCode()).isEqualTo(503);
                assertThat(ready.body()).contains("billable-usage").contains("tally topics apply");
            });
            assertThat(get(url + "/health/live").statusCode()).isEqualTo(200);

            // When
            broker.createTopics(
                    2,
                    "billable-usage",
                    "stripe-ledger",
                    "stripe-dead-letters",
                    "stripe-requests",
                    "meters",
                    "seat-changes",
                    "stripe-seats",
                    "subscriptions");
            publish("id-1", "tally_actions");

            // Then: facts do not wait for the topics of alerts
            Awaitility.await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
                assertThat(stripe.sums()).isEqualTo(Map.of("cus_1", 41L));
                assertThat(get(url + "/health/ready").body())
                        .contains("alerts: waiting")
                        .contains("alert-ledger");
            });
            broker.createTopics(2, "quota-alerts", "alert-ledger", "alert-dead-letters", "memberships");
            publishAlert(endpoint.url("/hook"));
            Awaitility.await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
                assertThat(endpoint.alerts("/hook")).containsExactly("a-1");
                assertThat(get(url + "/health/ready").statusCode()).isEqualTo(200);
                assertThat(get(url + "/metrics").body())
                        .contains("tally_sink_facts_total{outcome=\"accepted\",reason=\"none\"} 1.0")
                        .contains(
                                "tally_alerts_outcomes_total{channel=\"webhook\",outcome=\"delivered\",reason=\"none\"} 1.0")
                        .contains("tally_alerts_waiting 0.0")
                        .contains("tally_alerts_oldest_waiting_age_seconds 0.0")
                        .contains("tally_sink_rate_limited_total 0.0")
                        .contains("tally_sink_oldest_unsent_age_seconds 0.0")
                        .contains("tally_sink_in_flight 0.0")
                        .contains("tally_sink_ledger_size 1.0")
                        .contains("tally_sink_seat_changes_total{outcome=\"sent\",reason=\"none\"} 0.0")
                        .contains("tally_sink_seat_drift 0.0")
                        .contains("tally_sink_seat_halted 0.0");
            });

            // When: facts of a meter that Stripe does not have, of one that keeps only the last of an hour, and one
            // more
            stripe.windowedMeter("tally_hourly", "hour");
            publish("id-2", "tally_tokens");
            publish("id-4", "tally_hourly");
            publish("id-3", "tally_actions");

            // Then
            Awaitility.await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
                assertThat(stripe.sums()).isEqualTo(Map.of("cus_1", 82L));
                HttpResponse<String> ready = get(url + "/health/ready");
                assertThat(ready.statusCode()).isEqualTo(503);
                assertThat(ready.body())
                        .contains("\"holding\"")
                        .contains("facts of tally_tokens are held: Stripe has no meter with event name tally_tokens")
                        .contains("facts of tally_hourly are held: mtr_tally_hourly has event_time_window hour");
                assertThat(get(url + "/metrics").body())
                        .contains("tally_sink_meter_problems{event_name=\"tally_tokens\"} 1.0")
                        .contains("tally_sink_meter_problems{event_name=\"tally_hourly\"} 1.0")
                        .contains("tally_sink_held 2.0")
                        .contains("tally_sink_account_problems 0.0");
            });
            assertThat(ObservedFiles.misdocumented(
                            Path.of(".."),
                            MetricFamilies.scraped(get(url + "/metrics").body())))
                    .isEmpty();
            app.stop();
            assertThat(ended.get(20, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void shouldSayThatKafkaIsAway() throws Exception {
        SinkApp app = new SinkApp(SinkSettings.load(
                Map.of(),
                Map.of(),
                Map.of(
                        "bootstrap.servers", "127.0.0.1:1",
                        "stripe.api.base", "http://127.0.0.1:1",
                        "http.port", "0"),
                "random"));
        CompletableFuture<Boolean> ended = CompletableFuture.supplyAsync(() -> run(app), SinkAppTest::inOwnThread);
        String url = "http://127.0.0.1:" + app.port();
        Awaitility.await()
                .atMost(Duration.ofSeconds(15))
                .untilAsserted(() ->
                        assertThat(get(url + "/health/ready").body()).contains("Kafka at 127.0.0.1:1 does not answer"));

        // When
        app.stop();

        // Then
        assertThat(ended.get(20, TimeUnit.SECONDS)).isTrue();
    }

    private static void inOwnThread(Runnable task) {
        new Thread(task, "sink").start();
    }

    private static boolean run(SinkApp app) {
        try {
            return app.run();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private static HttpResponse<String> get(String url) throws Exception {
        return HTTP.send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofString());
    }

    private void publishAlert(String webhook) throws Exception {
        Instant now = Instant.now();
        Subscription subscription = Subscription.newBuilder()
                .setSubject("user:u1")
                .setAnchor(Instant.parse("2026-11-01T00:00:00Z"))
                .setPhases(List.of(new Phase("pro", 1, Instant.parse("2026-11-01T00:00:00Z"))))
                .setWebhooks(List.of(webhook))
                .build();
        QuotaAlert alert = QuotaAlert.newBuilder()
                .setAlertId("a-1")
                .setKind(AlertKind.REACHED)
                .setSeverity(Severity.CRITICAL)
                .setSubject("user:u1")
                .setScope(Scope.USER)
                .setScopeId("u1")
                .setMeter("actions")
                .setWindowStart(now)
                .setWindowEnd(now)
                .setEpoch(0)
                .setUsed(1)
                .setCause("e-1")
                .setAt(now)
                .build();
        byte[] key = "user:u1".getBytes(StandardCharsets.UTF_8);
        try (RecordSerdes serdes = new RecordSerdes(Map.of("schema.registry.url", registry.url()));
                var producer = new KafkaProducer<>(
                        broker.clientConfig(), new ByteArraySerializer(), new ByteArraySerializer())) {
            byte[] named = serdes.of(Subscription.class).serializer().serialize("subscriptions", subscription);
            byte[] raised = serdes.of(QuotaAlert.class).serializer().serialize("quota-alerts", alert);
            producer.send(new ProducerRecord<>("subscriptions", key, named)).get(30, TimeUnit.SECONDS);
            producer.send(new ProducerRecord<>("quota-alerts", key, raised)).get(30, TimeUnit.SECONDS);
        }
    }

    private void publish(String identifier, String eventName) throws Exception {
        Instant now = Instant.now();
        BillableFact fact = BillableFact.newBuilder()
                .setIdentifier(identifier)
                .setEnvironment("local")
                .setPayer("user:u1")
                .setStripeCustomerId("cus_1")
                .setMeter("actions")
                .setEventName(eventName)
                .setIntervalStart(now)
                .setIntervalEnd(now)
                .setTimestamp(now)
                .setSequence(1)
                .setRevision(0)
                .setAmount(41)
                .setKind(FactKind.USAGE)
                .setPeriodStart(now)
                .setPeriodEnd(now)
                .setCatalogVersion("enterprise@1")
                .build();
        try (RecordSerdes serdes = new RecordSerdes(Map.of("schema.registry.url", registry.url()));
                var producer = new KafkaProducer<>(
                        broker.clientConfig(), new ByteArraySerializer(), new ByteArraySerializer())) {
            byte[] value =
                    serdes.of(BillableFact.class).serializer().serialize("billable-usage", new RecordHeaders(), fact);
            producer.send(new ProducerRecord<>("billable-usage", "user:u1".getBytes(StandardCharsets.UTF_8), value))
                    .get(30, TimeUnit.SECONDS);
        }
    }
}
