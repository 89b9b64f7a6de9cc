package dev.tally.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class CoreTimeTest {

    @Test
    void shouldTellHowMuchTheHostGaveToOthers() {
        // Given
        CoreTime before = CoreTime.of("cpu  100 20 30 400 0 0 0 50 90 9\ncpu0 1 2 3 4 5 6 7 8 9 10\n");
        CoreTime after = CoreTime.of("cpu  160 20 40 420 0 0 0 60 99 9\ncpu0 1 2 3 4 5 6 7 8 9 10\n");

        // When
        Double stolen = after.stolenPercentSince(before);

        // Then
        assertThat(before).isEqualTo(new CoreTime(600, 50));
        assertThat(stolen).isEqualTo(10.0);
    }

    @Test
    void shouldSayNothingWhereTheSystemDoesNotTell() {
        // Given
        CoreTime unknown = CoreTime.of("");

        // When
        Double stolen = unknown.stolenPercentSince(unknown);

        // Then
        assertThat(stolen).isNull();
    }
}
