package dev.tally.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.tally.settings.SettingsException;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ExitCodesTest {

    @Test
    void shouldEndWithUsageForWhatItDoesNotKnow() {
        assertThat(Main.run("nonsense")).isEqualTo(Exit.USAGE);
        assertThat(Main.run("usage")).isEqualTo(Exit.USAGE);
        assertThat(Main.run("usage", "neither")).isEqualTo(Exit.USAGE);
        assertThat(Main.run("publish", "/no/such/file")).isEqualTo(Exit.USAGE);
        assertThat(Main.run("usage", "user:u1", "--app", "localhost")).isEqualTo(Exit.USAGE);
        assertThat(Main.run("audit", "--day", "yesterday")).isEqualTo(Exit.USAGE);
        assertThat(Main.run("audit", "--stripe", "localhost")).isEqualTo(Exit.USAGE);
        assertThat(Main.run("up", "--set", "latness.horizon=1h")).isEqualTo(Exit.USAGE);
        assertThat(Main.run("up", "--kafka-port", "70000")).isEqualTo(Exit.USAGE);
        assertThat(Main.run("--help")).isZero();
    }

    @Test
    void shouldEndWithUnreachableWhereNobodyListens() {
        assertThat(Main.run("usage", "user:u1", "--app", "http://127.0.0.1:1")).isEqualTo(Exit.UNREACHABLE);
    }

    @Test
    void shouldGiveEachAppTheSettingsItKnows() {
        // When
        AppSettings routed = AppSettings.route(
                Map.of(
                        "lateness.horizon", "1h",
                        "stripe.max.in.flight", "3",
                        "environment", "test",
                        "kafka.linger.ms", "1"),
                Map.of());

        // Then
        assertThat(routed.app().keySet())
                .containsExactlyInAnyOrder("lateness.horizon", "environment", "kafka.linger.ms");
        assertThat(routed.sink().keySet())
                .containsExactlyInAnyOrder("stripe.max.in.flight", "environment", "kafka.linger.ms");
    }

    @Test
    void shouldListProblemsOfBothAppsAtOnce() {
        // When
        SettingsException refused = catchThrowableOfType(
                SettingsException.class,
                () -> AppSettings.route(
                        Map.of(
                                "latness.horizon", "1h",
                                "billing.interval", "7m",
                                "stripe.max.in.flight", "-1",
                                "http.port", "1"),
                        Map.of()));

        // Then
        assertThat(String.join("\n", refused.problems()))
                .contains(
                        "did you mean lateness.horizon?",
                        "billing.interval",
                        "stripe.max.in.flight",
                        "http.port is decided by --http-port");
    }

    @Test
    void shouldSeeTheEnvironmentAsTheAppsWill() {
        // When
        AppSettings routed =
                AppSettings.route(Map.of(), Map.of("TALLY_TOPIC_PREFIX", "x.", "TALLY_SINK_INSTANCE", "a"));
        SettingsException refused = catchThrowableOfType(
                SettingsException.class,
                () -> AppSettings.route(Map.of(), Map.of("TALLY_HISTORY_RETENTION", "soon", "TALLY_NONSENSE", "1")));

        // Then
        assertThat(routed.prefix()).isEqualTo("x.");
        assertThat(String.join("\n", refused.problems())).contains("history.retention", "TALLY_NONSENSE");
    }
}
