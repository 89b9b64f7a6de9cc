package dev.tally.cli.audit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ComparisonTest {

    private static final Reading BEFORE =
            new Reading(Map.of("u1", 5L, "u2", 1L), Map.of(0, new Outcomes(8, 5, 1, 1, 1, 0)));
    private static final Reading AFTER =
            new Reading(Map.of("u1", 5L, "u2", 3L, "u3", 1L), Map.of(0, new Outcomes(11, 8, 1, 1, 1, 0)));

    @Test
    void shouldBeExactWhereNothingWasPublishedMeanwhile() {
        // Given
        Comparison still = new Comparison(BEFORE, BEFORE);
        Map<String, Long> said = Map.of("u1", 6L, "u4", 1L);

        // When
        Set<String> windows = still.windows(said, key -> true);

        // Then
        assertThat(still.moving(windows)).isZero();
        assertThat(still.isBehind(said, windows)).isTrue();
        assertThat(still.usage(said, windows))
                .containsExactly(
                        "u1: recounted 5, usage says 6",
                        "u2: recounted 1, usage says 0",
                        "u4: recounted 0, usage says 1");
        assertThat(still.outcomes(Map.of(0, new Outcomes(8, 5, 1, 1, 1, 0)))).isEmpty();
        assertThat(still.outcomes(Map.of(0, new Outcomes(8, 4, 1, 2, 0, 1))))
                .containsExactly(
                        "partition 0 late: recounted 1, streams-app says 0",
                        "partition 0 dead-lettered: recounted 0, streams-app says 1",
                        "counted: recounted 5, streams-app says 4",
                        "duplicate: recounted 1, streams-app says 2");
    }

    @Test
    void shouldAcceptAnythingBetweenBeforeAndAfter() {
        // Given
        Comparison moving = new Comparison(BEFORE, AFTER);
        Map<String, Long> said = Map.of("u1", 5L, "u2", 2L);

        // When
        Set<String> windows = moving.windows(said, key -> true);

        // Then
        assertThat(moving.moving(windows)).isEqualTo(2);
        assertThat(moving.isBehind(said, windows)).isFalse();
        assertThat(moving.usage(said, windows)).isEmpty();
        assertThat(moving.outcomes(Map.of(0, new Outcomes(9, 6, 1, 1, 1, 0)))).isEmpty();
        assertThat(moving.usage(Map.of("u1", 5L, "u2", 4L), windows))
                .containsExactly("u2: recounted 1 to 3, usage says 4");
    }

    @Test
    void shouldCompareWhatWasAskedFor() {
        assertThat(new Comparison(BEFORE, AFTER).windows(Map.of("u9", 1L), "u1"::equals))
                .containsExactly("u1");
    }

    @Test
    void shouldNoticeAPartitionThatOnlyStreamsAppKnows() {
        assertThat(new Comparison(BEFORE, BEFORE).outcomes(Map.of(0, BEFORE.of(0), 1, new Outcomes(1, 1, 0, 0, 0, 0))))
                .containsExactly(
                        "partition 1 read: recounted 0, streams-app says 1",
                        "counted: recounted 5, streams-app says 6");
    }
}
