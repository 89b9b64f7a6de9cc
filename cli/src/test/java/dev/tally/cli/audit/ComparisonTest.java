package dev.tally.cli.audit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class ComparisonTest {

    private static final Reading BEFORE =
            new Reading(Map.of("u1", 5L, "u2", 1L), Map.of(0, new Outcomes(8, 5, 1, 1, 1, 0)));
    private static final Reading AFTER =
            new Reading(Map.of("u1", 5L, "u2", 3L, "u3", 1L), Map.of(0, new Outcomes(11, 8, 1, 1, 1, 0)));

    @Test
    void shouldBeExactWhereNothingWasPublishedMeanwhile() {
        // When
        Comparison still = new Comparison(BEFORE, BEFORE);

        // Then
        assertThat(still.isMoving("u1")).isFalse();
        assertThat(still.least("u1")).isEqualTo(5);
        assertThat(still.most("u1")).isEqualTo(5);
        assertThat(still.most("u4")).isZero();
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
        // When
        Comparison moving = new Comparison(BEFORE, AFTER);

        // Then
        assertThat(moving.isMoving("u2")).isTrue();
        assertThat(moving.isMoving("u3")).isTrue();
        assertThat(moving.least("u2")).isEqualTo(1);
        assertThat(moving.most("u2")).isEqualTo(3);
        assertThat(moving.outcomes(Map.of(0, new Outcomes(9, 6, 1, 1, 1, 0)))).isEmpty();
    }

    @Test
    void shouldNoticeAPartitionThatOnlyStreamsAppKnows() {
        assertThat(new Comparison(BEFORE, BEFORE).outcomes(Map.of(0, BEFORE.of(0), 1, new Outcomes(1, 1, 0, 0, 0, 0))))
                .containsExactly(
                        "partition 1 read: recounted 0, streams-app says 1",
                        "counted: recounted 5, streams-app says 6");
    }
}
