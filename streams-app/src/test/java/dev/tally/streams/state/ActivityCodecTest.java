package dev.tally.streams.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tally.streams.metering.Activity;
import dev.tally.streams.metering.ActivityWatch;
import dev.tally.streams.metering.Observation;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ActivityCodecTest {

    private static final Instant START = Instant.parse("2026-01-05T00:00:00Z");

    /** Usage of random amounts at random distances; wakes are asked for when they come. */
    private static Activity random(long seed, int steps, Duration mostBetween, long mostAtOnce, boolean checked) {
        Random random = new Random(seed);
        Activity activity = Activity.NONE;
        Instant now = START;
        Instant wake = Instant.MAX;
        for (int i = 0; i < steps; i++) {
            now = now.plusMillis(random.nextLong(mostBetween.toMillis()));
            boolean isDue = !wake.isAfter(now);
            Instant at = now.minusSeconds(random.nextLong(300));
            Observation seen = isDue
                    ? ActivityWatch.look(activity, now)
                    : ActivityWatch.observe(activity, 1 + random.nextLong(mostAtOnce), at, now);
            activity = seen.activity();
            wake = isDue ? Instant.MAX : wake;
            wake = seen.wakeAt() != null && seen.wakeAt().isBefore(wake) ? seen.wakeAt() : wake;
            if (checked) {
                assertThat(ActivityCodec.fromBytes(ActivityCodec.toBytes(activity)))
                        .as("seed " + seed + " step " + i)
                        .isEqualTo(activity);
            }
        }
        return activity;
    }

    @Test
    void shouldReadWhatItWrote() {
        assertThat(ActivityCodec.fromBytes(ActivityCodec.toBytes(Activity.NONE)))
                .isEqualTo(Activity.NONE);
        for (long seed = 0; seed < 20; seed++) {
            random(seed, 500, Duration.ofMinutes(20L * (seed + 1)), 10, true);
            random(seed, 500, Duration.ofSeconds(90), 1_000_000_000_000L, true);
        }
    }

    @Test
    void shouldTakeAFewHundredBytesAtMost() {
        // A subject with a few actions a day, and one that acts all the time for seven weeks
        Activity few = random(1, 500, Duration.ofHours(8), 5, false);
        Activity many = random(1, 100_000, Duration.ofSeconds(84), 1_000, false);

        assertThat(ActivityCodec.toBytes(few)).hasSizeLessThan(150);
        assertThat(ActivityCodec.toBytes(many)).hasSizeLessThan(750);
        assertThat(many.rhythm().cells()).isEqualTo(168);
    }

    @Test
    void shouldNeverChangeItsFormatUnnoticed() {
        Activity activity = random(3, 60, Duration.ofMinutes(50), 20, false);

        String hex = "0103a2a78c1c2c0c0e140026d4bf02f209188ef83b000038008ef83b0000000001e49146";
        assertThat(HexFormat.of().formatHex(ActivityCodec.toBytes(activity))).isEqualTo(hex);
        assertThat(ActivityCodec.fromBytes(HexFormat.of().parseHex(hex))).isEqualTo(activity);
    }

    @Test
    void shouldRefuseAFormatItDoesNotKnow() {
        byte[] bytes = ActivityCodec.toBytes(Activity.NONE);
        bytes[0] = 9;
        assertThatThrownBy(() -> ActivityCodec.fromBytes(bytes)).hasMessageContaining("format 9");
    }
}
