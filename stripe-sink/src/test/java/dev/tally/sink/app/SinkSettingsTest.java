package dev.tally.sink.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.tally.clock.TestClock;
import dev.tally.settings.CommonSettings;
import dev.tally.settings.SettingsException;
import dev.tally.sink.alerts.channels.MailSettings;
import dev.tally.sink.alerts.delivery.AlertTopics;
import dev.tally.sink.reporting.RetryRule;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SinkSettingsTest {
    private static final String STAND_IN = "http://127.0.0.1:8083";
    private static final String SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    @Test
    void shouldWorkAgainstAStandInWithoutFurtherSettings() {
        // When
        SinkSettings settings = load(Map.of(), Map.of("stripe.api.base", STAND_IN + "/"));

        // Then
        assertThat(settings.httpHost()).isEqualTo("127.0.0.1");
        assertThat(settings.httpPort()).isEqualTo(8082);
        assertThat(settings.stripe().apiBase()).isEqualTo(STAND_IN);
        assertThat(settings.stripe().apiKey()).isEqualTo("sk_test_standin");
        assertThat(settings.stripe().timeout()).isEqualTo(Duration.ofSeconds(30));
        assertThat(settings.callsPerSecond()).isEqualTo(800);
        assertThat(settings.delivery().group()).isEqualTo("tally-stripe-sink");
        assertThat(settings.delivery().transactionalId()).isEqualTo("tally-stripe-sink-random");
        assertThat(settings.delivery().groupInstanceId()).isEmpty();
        assertThat(settings.delivery().topics().facts()).isEqualTo("billable-usage");
        assertThat(settings.delivery().retryRule().ceiling(1)).isEqualTo(Duration.ofMillis(500));
        assertThat(settings.delivery().retryRule().ceiling(99)).isEqualTo(Duration.ofMinutes(5));
        assertThat(settings.seats().group()).isEqualTo("tally-stripe-seats");
        assertThat(settings.seats().transactionalId()).isEqualTo("tally-stripe-seats-random");
        assertThat(settings.seats().groupInstanceId()).isEmpty();
        assertThat(settings.seats().debounce()).isEqualTo(Duration.ofSeconds(30));
        assertThat(settings.seats().checkInterval()).isEqualTo(Duration.ofHours(24));
        assertThat(settings.seats().repair()).isFalse();
        assertThat(settings.seats().updatesPerHour()).isEqualTo(200);
        assertThat(settings.seats().callsPerSecond()).isEqualTo(20);
    }

    @Test
    void shouldMapEverySetting() {
        // When
        SinkSettings settings = load(
                Map.of("STRIPE_API_KEY", "sk_test_abc", "TALLY_TOPIC_PREFIX", "eu.", "TALLY_LATENESS_HORIZON", "72h"),
                Map.ofEntries(
                        Map.entry("bootstrap.servers", "kafka:9092"),
                        Map.entry("application.id", "mine"),
                        Map.entry("stripe.rate.limit", "11"),
                        Map.entry("stripe.max.in.flight", "12"),
                        Map.entry("stripe.request.timeout", "13s"),
                        Map.entry("stripe.retry.first", "14ms"),
                        Map.entry("stripe.retry.longest", "15s"),
                        Map.entry("stripe.errors.interval", "20s"),
                        Map.entry("stripe.reconcile.interval", "0s"),
                        Map.entry("sink.max.pending", "16"),
                        Map.entry("seats.debounce", "0s"),
                        Map.entry("seats.check.interval", "20m"),
                        Map.entry("seats.repair", "true"),
                        Map.entry("sink.instance", "one"),
                        Map.entry("http.host", "0.0.0.0"),
                        Map.entry("http.port", "17"),
                        Map.entry("kafka.client.id", "eighteen")));

        // Then
        assertThat(settings.stripe().apiKey()).isEqualTo("sk_test_abc");
        assertThat(settings.stripe().apiBase()).isEmpty();
        assertThat(settings.stripe().timeout()).isEqualTo(Duration.ofSeconds(13));
        assertThat(settings.callsPerSecond()).isEqualTo(11);
        assertThat(settings.delivery().maxInFlight()).isEqualTo(12);
        assertThat(settings.delivery().retryRule().first()).isEqualTo(Duration.ofMillis(14));
        assertThat(settings.delivery().retryRule().longest()).isEqualTo(Duration.ofSeconds(15));
        assertThat(settings.errorsInterval()).isEqualTo(Duration.ofSeconds(20));
        assertThat(settings.reconcileInterval()).isZero();
        assertThat(settings.isLive()).isFalse();
        assertThat(settings.delivery().maxPending()).isEqualTo(16);
        assertThat(settings.delivery().transactionalId()).isEqualTo("mine-stripe-sink-one");
        assertThat(settings.delivery().groupInstanceId()).isEqualTo(Optional.of("mine-stripe-sink-one"));
        assertThat(settings.delivery().topics().ledger()).isEqualTo("eu.stripe-ledger");
        assertThat(settings.delivery().kafka())
                .containsEntry("bootstrap.servers", "kafka:9092")
                .containsEntry("client.id", "eighteen");
        assertThat(settings.seats().topics().changes()).isEqualTo("eu.seat-changes");
        assertThat(settings.seats().topics().ledger()).isEqualTo("eu.stripe-seats");
        assertThat(settings.seats().groupInstanceId()).isEqualTo(Optional.of("mine-stripe-seats-one"));
        assertThat(settings.seats().debounce()).isZero();
        assertThat(settings.seats().checkInterval()).isEqualTo(Duration.ofMinutes(20));
        assertThat(settings.seats().repair()).isTrue();
        assertThat(settings.seats().retryRule()).isEqualTo(settings.delivery().retryRule());
        assertThat(settings.httpHost()).isEqualTo("0.0.0.0");
        assertThat(settings.httpPort()).isEqualTo(17);
    }

    @Test
    void shouldTellSeatsAtAQuarterOfTheCallsWhereOneCallStreamsManyEvents() {
        // When
        SinkSettings sandbox = load(Map.of("STRIPE_API_KEY", "sk_test_abc"), Map.of("stripe.transport", "v2-stream"));

        // Then
        assertThat(sandbox.isStreaming()).isTrue();
        assertThat(sandbox.callsPerSecond()).isEqualTo(2_000);
        assertThat(sandbox.delivery().maxInFlight()).isEqualTo(3_200);
        assertThat(sandbox.seats().callsPerSecond()).isEqualTo(5);
        assertThat(sandbox.seats().maxInFlight()).isEqualTo(32);
    }

    @Test
    void shouldRefuseALiveKeyWithoutAnEnvironment() {
        assertThat(problems(Map.of("STRIPE_API_KEY", "sk_live_1"), Map.of()))
                .singleElement()
                .asString()
                .startsWith("environment must be set");
        assertThat(problems(Map.of("STRIPE_API_KEY", "rk_live_1"), Map.of())).hasSize(1);
        assertThat(load(Map.of("STRIPE_API_KEY", "sk_live_1", "TALLY_ENVIRONMENT", "production"), Map.of())
                        .callsPerSecond())
                .isEqualTo(800);
        assertThat(load(Map.of("STRIPE_API_KEY", "sk_live_1"), Map.of("environment", "local"))
                        .callsPerSecond())
                .isEqualTo(800);
    }

    @Test
    void shouldNotSendALiveKeyToAStandIn() {
        assertThat(problems(
                        Map.of("STRIPE_API_KEY", "sk_live_1"),
                        Map.of("environment", "production", "stripe.api.base", STAND_IN)))
                .singleElement()
                .asString()
                .startsWith("a live key")
                .doesNotContain("sk_live_1");
    }

    @Test
    void shouldTakeATestClockWithAStandInOnThisMachineOnly(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("clock");
        TestClock.set(file, Instant.parse("2027-01-31T10:15:30Z"));
        Map<String, String> clock = Map.of("clock", file.toString());

        assertThat(problems(Map.of("STRIPE_API_KEY", "sk_test_1"), clock))
                .singleElement()
                .asString()
                .contains("must name a stand-in");
        assertThat(load(Map.of("TALLY_STRIPE_API_BASE", STAND_IN), clock).parsed())
                .satisfies(parsed -> assertThat(CommonSettings.clock(parsed).instant())
                        .isBetween("2027-01-31T10:15:30Z", "2027-01-31T10:20:00Z"));
        assertThat(problems(
                        Map.of("TALLY_STRIPE_API_BASE", STAND_IN),
                        Map.of("clock", file.toString(), "bootstrap.servers", "kafka:9092")))
                .singleElement()
                .asString()
                .contains("not with kafka:9092");
    }

    @Test
    void shouldUseASandboxSlowly() {
        SinkSettings sandbox = load(Map.of("STRIPE_API_KEY", "sk_test_1"), Map.of());
        assertThat(sandbox.callsPerSecond()).isEqualTo(20);
        assertThat(sandbox.seats().callsPerSecond()).isEqualTo(5);
    }

    @Test
    void shouldReportAllProblemsAndExitWithTwo() throws Exception {
        // Given
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        String[] args = {
            "--set",
            "stripe.max.in.flight=0",
            "--set",
            "http.prot=1",
            "--set",
            "stripe.request.timeout=soon",
            "--set",
            "seats.check.interval=1s",
            "--set",
            "seats.repair=perhaps"
        };

        // When
        int code = Main.run(args, Map.of(), new PrintStream(err, true, StandardCharsets.UTF_8));

        // Then
        assertThat(code).isEqualTo(2);
        assertThat(err.toString(StandardCharsets.UTF_8).lines())
                .anyMatch(line -> line.contains("stripe.max.in.flight"))
                .anyMatch(line -> line.contains("http.prot"))
                .anyMatch(line -> line.contains("seats.check.interval"))
                .anyMatch(line -> line.contains("seats.repair"))
                .anyMatch(line -> line.contains("stripe.request.timeout"));
    }

    @Test
    void shouldRefuseWhatCannotWork() {
        assertThat(problems(
                        Map.of(),
                        Map.of(
                                "stripe.retry.first", "2m",
                                "stripe.retry.longest", "1m",
                                "sink.instance", "a b",
                                "kafka.group.id", "other")))
                .hasSize(4);
        assertThat(problems(Map.of(), Map.of("stripe.api.base", "127.0.0.1:8083")))
                .hasSize(1);
    }

    @Test
    void shouldNotPrintTheKey() {
        SinkSettings settings = load(Map.of("STRIPE_API_KEY", "sk_test_secret"), Map.of());
        assertThat(settings.toString()).doesNotContain("sk_test_secret");
    }

    @Test
    void shouldTellNobodyOfAlertsUnlessAChannelIsSet() {
        AlertParts off = load(Map.of(), Map.of("stripe.api.base", STAND_IN)).alerts();

        assertThat(off.isOn()).isFalse();
        assertThat(off.mail()).isEmpty();
        assertThat(load(Map.of(), Map.of("stripe.api.base", STAND_IN, "alerts.webhook.secrets", SECRET))
                        .alerts()
                        .isOn())
                .isTrue();
    }

    @Test
    void shouldMapEverySettingOfAlerts() {
        // When
        SinkSettings settings = load(
                Map.of("TALLY_ALERTS_SMTP_PASSWORD", "pass-word"),
                Map.ofEntries(
                        Map.entry("stripe.api.base", STAND_IN),
                        Map.entry("application.id", "mine"),
                        Map.entry("topic.prefix", "eu."),
                        Map.entry("sink.instance", "one"),
                        Map.entry("alerts.webhook.secrets", SECRET + ", " + SECRET.replace("Mf", "Mg")),
                        Map.entry("alerts.webhook.http", "allowed"),
                        Map.entry("alerts.webhook.private", "allowed"),
                        Map.entry("alerts.smtp.host", "smtp.example.org"),
                        Map.entry("alerts.smtp.tls", "tls"),
                        Map.entry("alerts.smtp.user", "tally"),
                        Map.entry("alerts.smtp.from", "Tally <tally@example.org>"),
                        Map.entry("alerts.request.timeout", "11s"),
                        Map.entry("alerts.retry.first", "12ms"),
                        Map.entry("alerts.retry.longest", "13s"),
                        Map.entry("alerts.max.waiting", "14")));

        // Then
        AlertParts alerts = settings.alerts();
        assertThat(alerts.webhooks().secrets()).hasToString("WebhookSecrets[2]");
        assertThat(alerts.webhooks().httpAllowed()).isTrue();
        assertThat(alerts.webhooks().privateAllowed()).isTrue();
        assertThat(alerts.webhooks().timeout()).isEqualTo(Duration.ofSeconds(11));
        assertThat(alerts.mail())
                .contains(new MailSettings(
                        "smtp.example.org",
                        465,
                        MailSettings.Tls.TLS,
                        "tally",
                        "pass-word",
                        "Tally <tally@example.org>",
                        Duration.ofSeconds(11)));
        assertThat(alerts.delivery().group()).isEqualTo("mine-alerts");
        assertThat(alerts.delivery().transactionalId()).isEqualTo("mine-alerts-one");
        assertThat(alerts.delivery().groupInstanceId()).contains("mine-alerts-one");
        assertThat(alerts.delivery().retryRule())
                .isEqualTo(new RetryRule(Duration.ofMillis(12), Duration.ofSeconds(13)));
        assertThat(alerts.delivery().maxWaiting()).isEqualTo(14);
        assertThat(alerts.delivery().webhooksOn()).isTrue();
        assertThat(alerts.delivery().mailOn()).isTrue();
        assertThat(alerts.delivery().topics())
                .isEqualTo(new AlertTopics(
                        "eu.quota-alerts",
                        "eu.alert-ledger",
                        "eu.alert-dead-letters",
                        "eu.subscriptions",
                        "eu.memberships"));
        assertThat(settings.toString()).doesNotContain("pass-word").doesNotContain(SECRET.substring(6));
    }

    @Test
    void shouldRefuseAlertSettingsThatCannotWork() {
        assertThat(problems(
                        Map.of(),
                        Map.of(
                                "stripe.api.base", STAND_IN,
                                "alerts.webhook.secrets", "very-secret",
                                "alerts.smtp.host", "smtp.example.org",
                                "alerts.smtp.tls", "none",
                                "alerts.smtp.user", "tally",
                                "alerts.smtp.password", "word-of-mouth",
                                "alerts.retry.first", "2m",
                                "alerts.retry.longest", "1m")))
                .hasSize(4)
                .noneMatch(problem -> problem.contains("very-secret") || problem.contains("word-of-mouth"));
        assertThat(problems(
                        Map.of(),
                        Map.of(
                                "stripe.api.base", STAND_IN,
                                "alerts.smtp.from", "nobody",
                                "alerts.smtp.password", "x")))
                .hasSize(2);
    }

    private static List<String> problems(Map<String, String> environment, Map<String, String> overrides) {
        return catchThrowableOfType(SettingsException.class, () -> load(environment, overrides))
                .problems();
    }

    private static SinkSettings load(Map<String, String> environment, Map<String, String> overrides) {
        return SinkSettings.load(Map.of(), environment, overrides, "random");
    }
}
