package dev.tally.streams.state;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.keys.Subject;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ChangeBoardTest {

    private final ChangeBoard board = new ChangeBoard();
    private final List<String> told = new ArrayList<>();

    @Test
    void shouldTellOfBothPlacesWhereAUserChanges() {
        // Given
        Runnable unwatch = board.watch(Subject.user("u/1"), () -> told.add("user"));

        // When
        board.userCounted("u/1");
        board.accountChanged("user:u%2F1");
        board.userCounted("u2");
        board.accountChanged("org:u%2F1");

        // Then
        assertThat(told).containsExactly("user", "user");
        unwatch.run();
        board.userCounted("u/1");
        board.accountChanged("user:u%2F1");
        assertThat(told).hasSize(2);
        assertThat(board.watched()).isZero();
    }

    @Test
    void shouldTellOfAnOrgWhatTheAccountsStageChanges() {
        // Given
        Runnable unwatch = board.watch(Subject.org("o1"), () -> told.add("org"));

        // When
        board.accountChanged("org:o1");
        board.userCounted("o1");

        // Then
        assertThat(told).containsExactly("org");
        unwatch.run();
        assertThat(board.watched()).isZero();
    }

    @Test
    void shouldKeepAStreamThreadFromAWatcherThatFails() {
        // Given
        Subject user = Subject.user("u1");
        Runnable first = board.watch(user, () -> {
            throw new IllegalStateException("broken");
        });
        Runnable second = board.watch(user, () -> told.add("second"));

        // When
        board.userCounted("u1");
        first.run();
        board.userCounted("u1");

        // Then
        assertThat(told).containsExactly("second", "second");
        second.run();
        assertThat(board.watched()).isZero();
    }
}
