package dev.tally.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.utils.Bytes;
import org.junit.jupiter.api.Test;

class ReadPositionTest {

    private static final Bytes KEY = Bytes.wrap(new byte[] {1});

    private final Map<Bytes, byte[]> store = new HashMap<>();

    @Test
    void shouldTakeEachOffsetOnce() {
        ReadPosition position = position();

        assertThat(position.moveTo(0, 100)).isTrue();
        assertThat(position.moveTo(5, 100)).isTrue();
        assertThat(position.moveTo(5, 100)).isFalse();
        assertThat(position.moveTo(3, 90)).isFalse();
        assertThat(position.moveTo(6, 110)).isTrue();
    }

    @Test
    void shouldKnowAfterARestartWhatWasSaved() {
        // Given
        ReadPosition before = position();
        before.moveTo(7, 100);
        before.save();
        before.moveTo(8, 101);

        // When what was not saved is lost with its transaction
        ReadPosition after = position();

        // Then
        assertThat(after.moveTo(7, 100)).isFalse();
        assertThat(after.moveTo(8, 101)).isTrue();
    }

    @Test
    void shouldRefuseATopicThatWasCreatedAgain() {
        // Given
        ReadPosition position = position();
        position.moveTo(7, 100);

        // When, Then
        assertThatThrownBy(() -> position.moveTo(0, 200))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("subject-log-0 was deleted and created again")
                .hasMessageContaining("docs/operations.md");
    }

    private ReadPosition position() {
        return new ReadPosition(KEY, "subject-log-0", store::get, store::put);
    }
}
