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
        assertThat(Main.run("--help")).isZero();
    }

    @Test
    void shouldEndWithUnreachableWhereNobodyListens() {
        assertThat(Main.run("usage", "user:u1", "--app", "http://127.0.0.1:1")).isEqualTo(Exit.UNREACHABLE);
    }

    @Test
    void shouldGiveEachAppTheSettingsItKnows() {
        // When
        AppSettings routed = AppSettings.route(Map.of(
                "lateness.horizon", "1h",
                "stripe.max.in.flight", "3",
                "environment", "test",
                "kafka.linger.ms", "1"));

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
                () -> AppSettings.route(Map.of(
                        "latness.horizon", "1h",
                        "billing.interval", "7m",
                        "stripe.max.in.flight", "-1")));

        // Then
        assertThat(String.join("\n", refused.problems()))
                .contains("latness.horizon", "billing.interval", "stripe.max.in.flight");
    }
}
