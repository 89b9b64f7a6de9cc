package dev.tally.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class DurationsTest {

    @ParameterizedTest
    @CsvSource({
        "100ms,PT0.1S,100ms",
        "30s,PT30S,30s",
        "5m,PT5M,5m",
        "72h,PT72H,3d",
        "6000d,PT144000H,6000d",
        "PT5M,PT5M,5m",
        "P2D,PT48H,2d",
        "0ms,PT0S,0ms",
        " 90s ,PT90S,90s"
    })
    void shouldReadAndWrite(String text, Duration duration, String shortest) {
        assertThat(Durations.parse(text)).isEqualTo(duration);
        assertThat(Durations.format(duration)).isEqualTo(shortest);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "5", "m", "5 m", "-5m", "5w", "1.5h", "PT", "PT0.0000001S", "999999999999999d", "five"})
    void shouldRefuse(String text) {
        assertThatIllegalArgumentException().isThrownBy(() -> Durations.parse(text));
    }

    @ParameterizedTest
    @CsvSource({"4096,4096", "64KB,65536", "256MB,268435456", "2gb,2147483648", "10 B,10"})
    void shouldReadSizes(String text, long bytes) {
        assertThat(ByteSizes.parse(text)).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "MB", "-1", "1.5GB", "999999999999999GB", "1TB"})
    void shouldRefuseSizes(String text) {
        assertThatIllegalArgumentException().isThrownBy(() -> ByteSizes.parse(text));
    }
}
