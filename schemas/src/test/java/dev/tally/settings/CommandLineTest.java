package dev.tally.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CommandLineTest {

    @Test
    void shouldReadFileAndOverrides(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("tally.properties");
        Files.writeString(file, "# comment\nlateness.horizon = 1h\nenvironment=é\n");

        Arguments arguments = CommandLine.parse(
                new String[] {"--config", file.toString(), "--set", "a.b=c=d", "--set=e=", "--set", "a.b=2"});

        assertThat(arguments.file()).isEqualTo(Map.of("lateness.horizon", "1h", "environment", "é"));
        assertThat(arguments.overrides()).isEqualTo(Map.of("a.b", "2", "e", ""));
        assertThat(arguments.help()).isFalse();
    }

    @Test
    void shouldReportEveryBadArgument() {
        assertThatExceptionOfType(SettingsException.class)
                .isThrownBy(() -> CommandLine.parse(new String[] {"--sett", "x", "--set", "novalue", "--config"}))
                .satisfies(e -> assertThat(e.problems()).hasSize(4));
    }

    @Test
    void shouldNameTheFileThatIsNotThere() {
        Arguments arguments = CommandLine.parse(new String[] {"--config", "no-such.properties", "--help"});

        assertThat(arguments.help()).isTrue();
        assertThatExceptionOfType(SettingsException.class)
                .isThrownBy(arguments::file)
                .withMessage("--config: no such file: no-such.properties");
    }
}
