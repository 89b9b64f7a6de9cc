package dev.tally.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.config.ConfigDef;
import org.junit.jupiter.api.Test;

final class SettingsLoaderTest {

    private static final ConfigDef DEF = CommonSettings.define(new ConfigDef())
            .define(
                    "lateness.horizon",
                    ConfigDef.Type.STRING,
                    "72h",
                    Durations.DURATION,
                    ConfigDef.Importance.HIGH,
                    "Lateness.")
            .define(
                    "dedup.memory",
                    ConfigDef.Type.STRING,
                    "256MB",
                    ByteSizes.BYTES,
                    ConfigDef.Importance.LOW,
                    "Memory.");

    @Test
    void shouldHaveDefaults() {
        ParsedSettings settings = SettingsLoader.load(DEF, Map.of(), Map.of(), Map.of());

        assertThat(settings.string(CommonSettings.BOOTSTRAP_SERVERS)).isEqualTo("127.0.0.1:9092");
        assertThat(settings.string(CommonSettings.TOPIC_PREFIX)).isEmpty();
        assertThat(settings.duration("lateness.horizon")).isEqualTo(Duration.ofHours(72));
        assertThat(settings.bytes("dedup.memory")).isEqualTo(256L << 20);
        assertThat(settings.integer(CommonSettings.ACTIONS_PARTITIONS)).isEqualTo(6);
        assertThat(settings.bool(CommonSettings.AVRO_AUTO_REGISTER)).isTrue();
        assertThat(settings.kafka()).isEmpty();
    }

    @Test
    void shouldLetTheLaterSourceWin() {
        Map<String, String> file = Map.of("lateness.horizon", "1h", "environment", "file", "application.id", "file");
        Map<String, String> environment =
                Map.of("TALLY_LATENESS_HORIZON", "2h", "TALLY_ENVIRONMENT", "env", "HOME", "/");
        Map<String, String> overrides = Map.of("lateness.horizon", "3h");

        ParsedSettings settings = SettingsLoader.load(DEF, file, environment, overrides);

        assertThat(settings.duration("lateness.horizon")).isEqualTo(Duration.ofHours(3));
        assertThat(settings.string("environment")).isEqualTo("env");
        assertThat(settings.string("application.id")).isEqualTo("file");
    }

    @Test
    void shouldReportEveryProblemAtOnce() {
        Map<String, String> file = Map.of("lateness.horizom", "1h", "dedup.memory", "lots");
        Map<String, String> environment = Map.of("TALLY_ACTIONS_PARTITIONS", "six", "TALLY_NO_SUCH", "1");
        Map<String, String> overrides = Map.of("lateness.horizon", "yesterday", "topic.prefix", "a b");

        assertThatExceptionOfType(SettingsException.class)
                .isThrownBy(() -> SettingsLoader.load(DEF, file, environment, overrides))
                .satisfies(e -> assertThat(e.problems())
                        .hasSize(6)
                        .anyMatch(one -> one.equals("unknown setting lateness.horizom; did you mean lateness.horizon?"))
                        .anyMatch(one -> one.equals("unknown setting TALLY_NO_SUCH in the environment"))
                        .anyMatch(one -> one.contains("dedup.memory") && one.contains("256MB"))
                        .anyMatch(one -> one.contains("lateness.horizon") && one.contains("72h"))
                        .anyMatch(one -> one.contains("actions.partitions"))
                        .anyMatch(one -> one.contains("topic.prefix")));
    }

    @Test
    void shouldPassKafkaSettingsThrough() {
        ParsedSettings settings = SettingsLoader.load(
                DEF,
                Map.of("kafka.security.protocol", "SSL"),
                Map.of("TALLY_KAFKA_SASL_MECHANISM", "PLAIN"),
                Map.of("kafka.security.protocol", "SASL_SSL"));

        assertThat(CommonSettings.kafkaClient(settings))
                .containsOnly(
                        Map.entry("security.protocol", "SASL_SSL"),
                        Map.entry("sasl.mechanism", "PLAIN"),
                        Map.entry("bootstrap.servers", "127.0.0.1:9092"));
    }

    @Test
    void shouldLeaveSettingsOfOthersAlone() {
        Map<String, String> environment = Map.of(
                "TALLY_HTTP_PORT", "8082",
                "TALLY_BILLING_INTERVAL", "",
                "TALLY_SINK_SERVICE_HOST", "10.0.0.7",
                "TALLY_SINK_SERVICE_PORT_HTTP", "8082",
                "TALLY_SINK_PORT", "tcp://10.0.0.7:8082",
                "TALLY_SINK_PORT_8082_TCP_ADDR", "10.0.0.7");

        ParsedSettings settings = SettingsLoader.load(
                DEF, Set.of("http.port", "billing.interval"), Map.of("billing.interval", "5m"), environment, Map.of());

        assertThat(settings.values()).doesNotContainKey("http.port");
    }

    @Test
    void shouldHideSecrets() {
        ParsedSettings settings = SettingsLoader.load(
                DEF,
                Map.of(),
                Map.of(),
                Map.of("schema.registry.basic.auth", "u:secret", "kafka.sasl.jaas.config", "secret"));

        assertThat(settings.toString()).doesNotContain("secret");
        assertThat(settings.string("schema.registry.basic.auth")).isEqualTo("u:secret");
        assertThat(CommonSettings.serde(settings)).containsEntry("basic.auth.user.info", "u:secret");
    }

    @Test
    void shouldWriteTheReferenceTable() {
        assertThat(SettingsTable.markdown(DEF))
                .startsWith(
                        "| setting | default | what it does |\n|---|---|---|\n| `bootstrap.servers` | `127.0.0.1:9092` | ")
                .contains("| `topic.prefix` | (empty) | ", "| `schema.registry.basic.auth` | (hidden) | ")
                .contains("| `lateness.horizon` | `72h` | Lateness. (duration) |");
    }
}
