package dev.tally.bench.ids;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.streams.state.ids.IdMemory;
import java.time.Duration;
import java.time.Instant;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class RememberedIdsTest {

    private static final int IDS = 300_000;
    private static final int PARTITION = 3;
    private static final Instant END = Instant.parse("2026-11-19T08:00:00Z");
    private static final IdMemory.Settings SETTINGS = new IdMemory.Settings(Duration.ofHours(72), 1 << 20);

    @Test
    void shouldLeaveRowsFromWhichAllIdsAreKnownAndNoOthers() {
        // Given
        HeapRows rows = new HeapRows();

        // When
        new RememberedIds(SETTINGS, END).rows(PARTITION, IDS, rows::put);
        IdMemory memory = IdMemory.open(rows, SETTINGS);

        // Then
        assertThat(memory.figures().ids()).isEqualTo(IDS);
        long twoDaysLater = END.plus(Duration.ofDays(2)).toEpochMilli();
        SplittableRandom same = new SplittableRandom(PARTITION);
        SplittableRandom other = new SplittableRandom(PARTITION + 1);
        int known = 0;
        int others = 0;
        for (int i = 0; i < IDS; i++) {
            known += memory.knows(same.nextLong(), same.nextLong(), twoDaysLater) ? 1 : 0;
            others += memory.knows(other.nextLong(), other.nextLong(), twoDaysLater) ? 1 : 0;
        }
        assertThat(known).isEqualTo(IDS);
        assertThat(others).isZero();
    }

    @Test
    void shouldLeaveNoRowsOfWhatWasMerged() {
        // Given
        HeapRows rows = new HeapRows();
        long[] bytes = {0};

        // When
        new RememberedIds(SETTINGS, END).rows(PARTITION, IDS, rows::put);
        rows.forEach((key, value) -> bytes[0] += value.length);

        // Then
        assertThat((double) bytes[0] / IDS).isBetween(16.0, 20.0);
    }
}
