package dev.tally.streams.export;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.streams.export.ProvableSince.Kept;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Records were deleted from partitions 0 and 1, not from 2. */
class ProvableSinceTest {

    private static final Instant NOW = Instant.parse("2026-11-22T12:00:00Z");
    private static final Duration RETENTION = Duration.ofDays(400);
    private static final Duration SEGMENT = Duration.ofDays(7);
    private static final Map<Integer, Boolean> DELETED = Map.of(0, true, 1, true, 2, false);

    private static Instant ago(int days) {
        return NOW.minus(Duration.ofDays(days));
    }

    private static Kept kept(Map<Integer, Instant> oldest, boolean bySize) {
        return new Kept(DELETED, oldest, RETENTION, SEGMENT, bySize);
    }

    @Test
    void shouldGoByTheOldestRecordThatIsLeft() {
        assertThat(ProvableSince.ofLog(kept(Map.of(0, ago(395), 1, ago(399), 2, ago(1)), false), NOW))
                .isEqualTo(ago(395));
        assertThat(ProvableSince.ofLog(new Kept(Map.of(0, false), Map.of(), RETENTION, SEGMENT, true), NOW))
                .isEqualTo(Instant.EPOCH);
    }

    @Test
    void shouldNotTakeAQuietPartitionForOneThatHasLostMuch() {
        assertThat(ProvableSince.ofLog(kept(Map.of(0, ago(404)), false), NOW)).isEqualTo(ago(393));
        assertThat(ProvableSince.ofLog(kept(Map.of(0, ago(404), 1, ago(3)), false), NOW))
                .isEqualTo(ago(393));
    }

    /** Nothing is as old as the retention: it was raised, or there is a limit of size, which may have taken what was younger. */
    @Test
    void shouldBelieveTheRetentionOnlyWhereSomethingIsAsOld() {
        assertThat(ProvableSince.ofLog(kept(Map.of(0, ago(9), 1, ago(3)), false), NOW))
                .isEqualTo(ago(3));
        assertThat(ProvableSince.ofLog(kept(Map.of(0, ago(404)), true), NOW)).isEqualTo(NOW);
    }

    @Test
    void shouldGoByTheRetentionOfWhatIsRare() {
        assertThat(ProvableSince.ofAside(kept(Map.of(1, ago(3)), false), NOW)).isEqualTo(ago(400));
        assertThat(ProvableSince.ofAside(kept(Map.of(1, ago(3)), true), NOW)).isEqualTo(NOW);
        assertThat(ProvableSince.ofAside(
                        new Kept(Map.of(0, false), Map.of(0, ago(900)), RETENTION, SEGMENT, false), NOW))
                .isEqualTo(Instant.EPOCH);
    }
}
