package dev.tally.streams.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tally.streams.metering.Activity;
import dev.tally.streams.metering.ActivityWatch;
import dev.tally.streams.metering.Course;
import dev.tally.streams.metering.Observation;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CoursesCodecTest {

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
                assertThat(stored(activity)).as("seed " + seed + " step " + i).isEqualTo(activity);
            }
        }
        return activity;
    }

    private static Courses courses(Activity activity) {
        return Courses.NONE.with("actions", activity.course());
    }

    private static HabitsByMeter habits(Activity activity) {
        return HabitsByMeter.NONE.with("actions", activity.habits());
    }

    /** What is read after it was written. */
    private static Activity stored(Activity activity) {
        return new Activity(
                CoursesCodec.fromBytes(CoursesCodec.toBytes(courses(activity))).of("actions"),
                HabitsCodec.fromBytes(HabitsCodec.toBytes(habits(activity))).of("actions"));
    }

    @Test
    void shouldReadWhatItWrote() {
        assertThat(stored(Activity.NONE)).isEqualTo(Activity.NONE);
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

        assertThat(CoursesCodec.toBytes(courses(few))).hasSizeLessThan(80);
        assertThat(HabitsCodec.toBytes(habits(few))).hasSizeLessThan(100);
        assertThat(CoursesCodec.toBytes(courses(many))).hasSizeLessThan(300);
        assertThat(HabitsCodec.toBytes(habits(many))).hasSizeLessThan(550);
        assertThat(many.habits().rhythm().cells()).isEqualTo(168);
    }

    @Test
    void shouldNeverChangeItsFormatUnnoticed() {
        Activity activity = random(3, 60, Duration.ofMinutes(50), 20, false);

        assertThat(HexFormat.of().formatHex(CoursesCodec.toBytes(courses(activity))))
                .isEqualTo("02000107616374696f6e7303a2a78c1c2c0c0e140026d4bf02f209188ef83b00003800000001e491468ef83b");
        assertThat(HexFormat.of().formatHex(HabitsCodec.toBytes(habits(activity))))
                .isEqualTo("0200");
    }

    @Test
    void shouldKeepTheCoursesOfAllMeters() {
        Course some = random(1, 20, Duration.ofHours(1), 5, false).course();
        Course other = random(2, 20, Duration.ofHours(1), 5, false).course();
        Courses both = Courses.NONE.with("tokens", some).with("Überläufe", other);

        assertThat(CoursesCodec.fromBytes(CoursesCodec.toBytes(both))).isEqualTo(both);
        assertThat(CoursesCodec.fromBytes(CoursesCodec.toBytes(both.withHabits())))
                .isEqualTo(both.withHabits());
        assertThat(both.with("tokens", Course.NONE).meters()).containsExactly("Überläufe");
        assertThat(both.with("tokens", Course.NONE).with("Überläufe", Course.NONE))
                .isSameAs(Courses.NONE);
    }

    @Test
    void shouldRefuseAFormatItDoesNotKnow() {
        byte[] courses = CoursesCodec.toBytes(courses(random(1, 20, Duration.ofHours(1), 5, false)));
        courses[0] = 9;
        assertThatThrownBy(() -> CoursesCodec.fromBytes(courses)).hasMessageContaining("format 9");
        byte[] habits = HabitsCodec.toBytes(HabitsByMeter.NONE);
        habits[0] = 9;
        assertThatThrownBy(() -> HabitsCodec.fromBytes(habits)).hasMessageContaining("format 9");
    }
}
