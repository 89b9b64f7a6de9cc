package dev.tally.streams.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.settings.SettingsLoader;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;

class StreamsPropertiesTest {

    @Test
    void shouldLetWhatIsSetForAllClientsWinOverDefaultsOfItsOwn() {
        assertThat(properties(Map.of())).containsEntry("producer.retry.backoff.ms", 10);

        assertThat(properties(Map.of("kafka.retry.backoff.ms", "500")))
                .containsEntry("retry.backoff.ms", "500")
                .doesNotContainKey("producer.retry.backoff.ms");
        assertThat(properties(Map.of("kafka.max.poll.records", "77")))
                .containsEntry("max.poll.records", "77")
                .doesNotContainKey("main.consumer.max.poll.records");
        assertThat(properties(Map.of("kafka.producer.retry.backoff.ms", "50")))
                .containsEntry("producer.retry.backoff.ms", "50");
    }

    private static Properties properties(Map<String, String> given) {
        return StreamsProperties.of(
                new MeteringSettings(SettingsLoader.load(MeteringSettings.define(), Map.of(), Map.of(), given)), 0);
    }
}
