package dev.tally.settings;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class CommonSettingsTest {

    @ParameterizedTest
    @ValueSource(strings = {"localhost", "127.0.0.1", "127.0.1.1", "127.255.255.255", "::1", "[::1]"})
    void shouldKnowThisMachine(String host) {
        assertThat(CommonSettings.isLoopback(host)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "0.0.0.0",
                "127.evil.example",
                "127.0.0.1.evil.example",
                "127.0.0.256",
                "127.0.0.1\n",
                "127.0.0.01",
                "127.1",
                "1270.0.0.1",
                "localhost.evil.example",
                "::2"
            })
    void shouldTakeNoOtherHostForThisMachine(String host) {
        assertThat(CommonSettings.isLoopback(host)).isFalse();
    }
}
