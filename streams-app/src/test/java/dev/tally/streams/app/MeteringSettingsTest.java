package dev.tally.streams.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.tally.clock.ClockStamps;
import dev.tally.clock.TestClock;
import dev.tally.settings.SettingsException;
import dev.tally.settings.SettingsLoader;
import dev.tally.streams.state.Engine;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MeteringSettingsTest {

    @Test
    void shouldHaveTheDocumentedDefaults() {
        // When
        MeteringSettings settings = load(Map.of());

        // Then
        assertThat(settings.latenessHorizon()).isEqualTo(Duration.ofHours(72));
        assertThat(settings.dedupHorizon()).isEqualTo(Duration.ofHours(72));
        assertThat(settings.historyRetention()).isEqualTo(Duration.ofDays(40));
        assertThat(settings.billingInterval()).isEqualTo(Duration.ofMinutes(5));
        assertThat(settings.billingSettle()).isEqualTo(Duration.ofMinutes(1));
        assertThat(settings.engine()).isEqualTo(Engine.FAST);
    }

    @Test
    void shouldKnowItsEngines() {
        assertThat(load(Map.of("engine", "portable")).engine()).isEqualTo(Engine.PORTABLE);
        assertThat(problemsOf(Map.of("engine", "other"))).contains("engine");
    }

    @Test
    void shouldForgetIdsNoSoonerThanActionsAreLate() {
        assertThat(load(Map.of("lateness.horizon", "100h", "history.retention", "40d"))
                        .dedupHorizon())
                .isEqualTo(Duration.ofHours(100));
        assertThat(problemsOf(Map.of("dedup.horizon", "71h"))).contains("dedup.horizon");
    }

    @Test
    void shouldKeepWindowsThatInputCanStillReach() {
        assertThat(load(Map.of("lateness.horizon", "38d")).historyRetention()).isEqualTo(Duration.ofDays(40));
        assertThat(problemsOf(Map.of("lateness.horizon", "913h"))).contains("history.retention");
    }

    @Test
    void shouldRefuseIntervalsThatDoNotDivideADay() {
        assertThat(problemsOf(Map.of("billing.interval", "7m"))).contains("billing.interval");
        assertThat(problemsOf(Map.of("billing.interval", "30s"))).contains("billing.interval");
        assertThat(load(Map.of("billing.interval", "1h")).billingInterval()).isEqualTo(Duration.ofHours(1));
    }

    @Test
    void shouldLetTheCatalogueBeChangedFromThisMachineOnly() {
        Map<String, String> exposed = Map.of("http.host", "0.0.0.0", "auth", "behind-proxy");

        assertThat(load(Map.of()).catalogueWritable()).isTrue();
        assertThat(load(exposed).catalogueWritable()).isFalse();
        assertThat(load(Map.of("http.host", "0.0.0.0", "auth", "behind-proxy", "http.writes", "anywhere"))
                        .catalogueWritable())
                .isTrue();
    }

    @Test
    void shouldServeNobodyElseWithoutAuthentication() {
        assertThat(problemsOf(Map.of("http.host", "0.0.0.0"))).contains("http.host");
        assertThat(load(Map.of("http.host", "0.0.0.0", "auth", "behind-proxy"))
                        .values()
                        .string("http.host"))
                .isEqualTo("0.0.0.0");
    }

    @Test
    void shouldTellOthersWhereItIs() {
        Map<String, String> everywhere = Map.of("http.host", "0.0.0.0", "auth", "behind-proxy");
        Map<String, String> named =
                Map.of("http.host", "0.0.0.0", "auth", "behind-proxy", "application.server", "tally-1.example:8080");

        assertThat(load(Map.of()).applicationServer(8123)).isEqualTo("127.0.0.1:8123");
        assertThat(load(named).applicationServer(8123)).isEqualTo("tally-1.example:8080");
        assertThat(load(everywhere).isUnreachableForOthers()).isTrue();
        assertThat(load(named).isUnreachableForOthers()).isFalse();
        for (String bad :
                List.of("tally-1.example", "0.0.0.0:8080", "[::]:8080", "tally-1.example:0", ":8080", "tally_1:8080")) {
            assertThat(problemsOf(Map.of("application.server", bad))).contains("application.server");
        }
    }

    @Test
    void shouldListAllProblemsAtOnce() {
        assertThat(problemsOf(Map.of("http.host", "0.0.0.0", "billing.interval", "7m", "clock", "http://x")))
                .contains("http.host", "billing.interval", "clock");
    }

    @Test
    void shouldTakeATestClockOnThisMachineOnly(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("clock");
        TestClock.set(file, Instant.parse("2027-01-31T10:15:30Z"));
        Map<String, String> given = Map.of("clock", file.toString());

        assertThat(load(given).clock().instant()).isBetween("2027-01-31T10:15:30Z", "2027-01-31T10:20:00Z");
        assertThat(StreamsProperties.of(load(given), 0))
                .containsEntry("topic.message.timestamp.after.max.ms", Long.toString(Long.MAX_VALUE))
                .containsEntry("interceptor.classes", ClockStamps.class.getName());
        assertThat(problemsOf(Map.of(
                        "clock",
                        file.toString(),
                        "bootstrap.servers",
                        "127.0.0.1:9092, kafka.example:9092",
                        "http.host",
                        "10.0.0.1",
                        "auth",
                        "behind-proxy")))
                .contains("not with kafka.example:9092", "not on 10.0.0.1");
        assertThat(problemsOf(Map.of("clock", folder.resolve("none").toString())))
                .contains("clock", "does not exist");
    }

    private static MeteringSettings load(Map<String, String> given) {
        return new MeteringSettings(SettingsLoader.load(MeteringSettings.define(), Map.of(), Map.of(), given));
    }

    private static String problemsOf(Map<String, String> given) {
        SettingsException refused = catchThrowableOfType(SettingsException.class, () -> load(given));
        return String.join("\n", refused.problems());
    }
}
