package dev.tally.streams.state;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.streams.state.Freshness.Stage;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class FreshnessTest {

    private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");

    private final Freshness freshness = new Freshness();

    @Test
    void shouldKnowWhatIsAtWorkBeforeItKnowsHowFar() {
        // When
        Freshness.Task task = freshness.begins(Stage.INTAKE, 1, NOW);

        // Then
        assertThat(freshness.isAtWork(Stage.INTAKE, 1)).isTrue();
        assertThat(freshness.isAtWork(Stage.ACCOUNTS, 1)).isFalse();
        assertThat(freshness.isStale(Stage.INTAKE, 1, NOW)).isTrue();
        assertThat(freshness.longestSilence(NOW)).isEmpty();
        task.note(NOW, NOW);
        assertThat(freshness.isStale(Stage.INTAKE, 1, NOW)).isFalse();
        assertThat(freshness.longestSilence(NOW)).hasValue(Duration.ZERO);
        task.left();
        assertThat(freshness.isAtWork(Stage.INTAKE, 1)).isFalse();
        assertThat(freshness.isStale(Stage.INTAKE, 1, NOW)).isTrue();
    }

    @Test
    void shouldTellHowFarBehindEachPartitionIs() {
        // Given one that has told nothing yet, one that is behind, and one whose broker's clock is ahead
        freshness.begins(Stage.INTAKE, 0, NOW);
        freshness.begins(Stage.INTAKE, 1, NOW).note(NOW.minusSeconds(3), NOW);
        freshness.begins(Stage.ACCOUNTS, 1, NOW).note(NOW.plusSeconds(1), NOW);

        // When, then
        assertThat(freshness.behind(NOW))
                .containsExactlyInAnyOrder(
                        new Freshness.Behind(Stage.INTAKE, 1, Duration.ofSeconds(3)),
                        new Freshness.Behind(Stage.ACCOUNTS, 1, Duration.ZERO));
        assertThat(freshness.behind(NOW.plusSeconds(60)))
                .contains(new Freshness.Behind(Stage.INTAKE, 1, Duration.ofSeconds(63)));
    }

    @Test
    void shouldNotTellHowFarBehindAPartitionIsOfWhichNothingWasReadYet() {
        // When
        freshness.begins(Stage.INTAKE, 0, NOW).note(Freshness.UNKNOWN, NOW);

        // Then
        assertThat(freshness.behind(NOW)).isEmpty();
        assertThat(freshness.isStale(Stage.INTAKE, 0, NOW)).isTrue();
        assertThat(freshness.longestSilence(NOW)).hasValue(Duration.ZERO);
    }

    @Test
    void shouldTellABacklogFromAThreadThatStandsStill() {
        // Given
        Freshness.Task task = freshness.begins(Stage.INTAKE, 1, NOW);

        // When
        task.note(NOW.minus(Duration.ofHours(1)), NOW);

        // Then
        assertThat(freshness.isStale(Stage.INTAKE, 1, NOW)).isTrue();
        assertThat(freshness.isMoving(Stage.INTAKE, 1, NOW.plus(Freshness.FRESH_WITHIN)))
                .isTrue();
        assertThat(freshness.isMoving(
                        Stage.INTAKE, 1, NOW.plus(Freshness.FRESH_WITHIN).plusMillis(1)))
                .isFalse();
        assertThat(freshness.isMoving(Stage.INTAKE, 2, NOW)).isFalse();
    }

    @Test
    void shouldNotForgetASuccessorWhereAPredecessorLeavesLate() {
        // Given a partition that has gone from one thread to another
        Freshness.Task before = freshness.begins(Stage.ACCOUNTS, 0, NOW);
        Freshness.Task after = freshness.begins(Stage.ACCOUNTS, 0, NOW);
        after.note(NOW, NOW);

        // When
        before.note(Instant.EPOCH, NOW);
        before.left();

        // Then
        assertThat(freshness.isCurrent(Stage.ACCOUNTS, 0, NOW)).isTrue();
    }
}
