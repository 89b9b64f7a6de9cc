package dev.tally.streams.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Offsets that are written are those that are read. */
class OffsetRunsTest {

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 50, 99})
    void shouldReadWhatWasAdded(int share) {
        // Given offsets of which so many per cent are there
        Random random = new Random(share);
        TreeSet<Long> offsets = new TreeSet<>();
        OffsetRuns runs = new OffsetRuns();
        for (long offset = 1L << 40; offset < (1L << 40) + 5_000; offset++) {
            if (random.nextInt(100) < share) {
                offsets.add(offset);
                assertThat(runs.add(offset)).isTrue();
            }
        }

        // When
        TreeSet<Long> read = new TreeSet<>();
        OffsetRuns.read(runs.first(), runs.toBuffer(), (from, to) -> {
            for (long offset = from; offset < to; offset++) {
                assertThat(read.add(offset)).isTrue();
            }
        });

        // Then
        assertThat(read).isEqualTo(offsets);
        assertThat(runs.count()).isEqualTo(offsets.size());
    }

    @Test
    void shouldTakeFewBytesForManyInARow() {
        OffsetRuns runs = new OffsetRuns();
        for (long offset = 0; offset < 1_000_000; offset++) {
            assertThat(runs.add(offset)).isTrue();
        }

        ByteBuffer bytes = runs.toBuffer();

        assertThat(bytes.remaining()).isEqualTo(3);
    }

    @Test
    void shouldNotTakeWhatIsNotAboveAllOthers() {
        OffsetRuns runs = new OffsetRuns();

        assertThat(runs.add(5)).isTrue();
        assertThat(runs.add(5)).isFalse();
        assertThat(runs.add(4)).isFalse();
        assertThat(runs.add(7)).isTrue();
        assertThat(runs.count()).isEqualTo(2);
    }
}
