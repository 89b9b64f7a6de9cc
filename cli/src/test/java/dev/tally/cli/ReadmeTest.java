package dev.tally.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.settings.SettingsTable;
import dev.tally.sink.app.SettingsReference;
import dev.tally.streams.app.MeteringSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The README says what the code says. To renew its tables: {@code ./tally settings}. */
class ReadmeTest {

    @Test
    void shouldCarryTheGeneratedSettings() throws IOException {
        // When
        String readme = Files.readString(Path.of("../README.md"));

        // Then
        assertThat(readme)
                .contains(SettingsTable.markdown(MeteringSettings.define()).strip())
                .contains(SettingsTable.markdown(SettingsReference.definition()).strip());
    }
}
