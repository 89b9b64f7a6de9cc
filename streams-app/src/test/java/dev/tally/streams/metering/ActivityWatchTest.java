package dev.tally.streams.metering;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.streams.metering.Deviation.Kind;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ActivityWatchTest {

    /** A Monday. */
    private static final Instant START = Instant.parse("2026-03-02T00:00:00Z");

    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final Duration HOUR = Duration.ofHours(1);

    private final WatchedCourse course = new WatchedCourse();

    private static Instant day(int day) {
        return START.plus(Duration.ofDays(day));
    }

    private static Instant at(int day, int hour) {
        return day(day).plus(Duration.ofHours(hour));
    }

    /** Twenty actions an hour, from 9 to 17 of each working day. */
    private void work(int fromDay, int toDay) {
        for (int day = fromDay; day < toDay; day++) {
            if (isWorkingDay(day)) {
                course.useEvery(Duration.ofMinutes(3), at(day, 9), at(day, 17), 1);
            }
        }
    }

    private static boolean isWorkingDay(int day) {
        DayOfWeek weekday = day(day).atZone(ZoneOffset.UTC).getDayOfWeek();
        return weekday != DayOfWeek.SATURDAY && weekday != DayOfWeek.SUNDAY;
    }

    @Test
    void shouldRaiseAnAnomalyOnceWithItsFigures() {
        // Given
        work(0, 10);

        // When the subject acts fifteen times as fast for three hours
        course.useEvery(Duration.ofSeconds(12), at(14, 10), at(14, 13), 1);

        // Then
        assertThat(course.raised()).hasSize(1);
        Deviation anomaly = course.raised().getFirst();
        assertThat(anomaly.kind()).isEqualTo(Kind.ANOMALY);
        assertThat(anomaly.end()).isBetween(at(14, 10), at(14, 10).plus(Duration.ofMinutes(30)));
        assertThat(anomaly.observed()).isGreaterThanOrEqualTo(5 * anomaly.baseline());
        assertThat(anomaly.factor()).isGreaterThanOrEqualTo(5);
        assertThat(anomaly.baseline()).isPositive();
        assertThat(course.activity().isAnomalous()).isTrue();
    }

    @Test
    void shouldRaiseTheNextAnomalyOnlyAfterUsageWasCalm() {
        // Given
        work(0, 10);

        // When usage is high, as usual for half an hour, high again; and a day later once more
        course.useEvery(Duration.ofSeconds(12), at(14, 9), at(14, 10), 1);
        course.useEvery(Duration.ofMinutes(3), at(14, 10), at(14, 10).plus(Duration.ofMinutes(30)), 1);
        course.useEvery(Duration.ofSeconds(12), at(14, 10).plus(Duration.ofMinutes(30)), at(14, 12), 1);
        int first = course.raised().size();
        course.useEvery(Duration.ofSeconds(12), at(15, 9), at(15, 11), 1);

        // Then
        assertThat(first).isEqualTo(1);
        assertThat(course.kinds()).containsExactly(Kind.ANOMALY, Kind.ANOMALY);
    }

    @Test
    void shouldRaiseNothingBelowFiveTimesWhatIsUsual() {
        // Given
        work(0, 10);

        // When
        course.useEvery(Duration.ofSeconds(50), at(14, 9), at(14, 17), 1);

        // Then
        assertThat(course.raised()).isEmpty();
    }

    @Test
    void shouldRaiseNothingForASubjectThatIsNew() {
        // When a subject acts without pause from its first minute on
        course.useEvery(Duration.ofSeconds(10), at(0, 9), at(2, 9), 3);

        // Then
        assertThat(course.raised()).isEmpty();
    }

    @Test
    void shouldRaiseNothingForBursts() {
        // Given a subject that does many things within a second, a few times a day
        for (int day = 0; day < 10; day++) {
            course.use(at(day, 9), 100);
            course.use(at(day, 14), 40);
        }

        // When it does so more often, and once ten times as much
        for (int hour = 9; hour < 17; hour++) {
            course.use(at(11, hour), 100);
            course.use(at(11, hour).plus(Duration.ofMinutes(20)), 150);
        }
        course.use(at(12, 9), 1_000);

        // Then
        assertThat(course.raised()).isEmpty();
    }

    @Test
    void shouldRaiseNothingForAFewActionsInAQuietHour() {
        // Given a subject that never acts at night
        work(0, 10);

        // When
        course.useEvery(Duration.ofMinutes(2), at(14, 3), at(14, 4), 1);

        // Then
        assertThat(course.raised()).isEmpty();
    }

    @Test
    void shouldFindALoopInTheNightAsWell() {
        // Given
        work(0, 10);

        // When
        course.useEvery(Duration.ofSeconds(10), at(14, 2), at(14, 5), 1);

        // Then
        assertThat(course.kinds()).containsExactly(Kind.ANOMALY);
    }

    @Test
    void shouldRaiseNothingForALittleOfAlmostNothing() {
        // Given a subject with one action a day
        for (int day = 0; day < 30; day++) {
            course.use(at(day, 9), 1);
        }

        // When it does five in ten minutes, and in the next hour as many again
        course.useEvery(Duration.ofMinutes(2), at(31, 9), at(31, 9).plus(Duration.ofMinutes(10)), 1);
        course.useEvery(Duration.ofMinutes(12), at(31, 10), at(31, 11), 1);

        // Then
        assertThat(course.raised()).isEmpty();
    }

    @Test
    void shouldFindTheLoopOfASubjectThatDidAlmostNothing() {
        // Given a subject that never sustained anything, so that its baseline is as low as one can be
        for (int day = 0; day < 30; day++) {
            course.use(at(day, 9), 1);
        }

        // When
        course.useEvery(Duration.ofSeconds(20), at(31, 9), at(31, 10), 1);

        // Then
        assertThat(course.kinds()).containsExactly(Kind.ANOMALY);
        assertThat(course.raised().getFirst().baseline()).isEqualTo(1);
    }

    @Test
    void shouldFindABurstBeyondAllComparison() {
        // Given two subjects with bursts of up to a hundred
        WatchedCourse other = new WatchedCourse();
        for (WatchedCourse each : List.of(course, other)) {
            for (int day = 0; day < 12; day++) {
                each.use(at(day, 9), 20);
                each.use(at(day, 14), 100);
            }
        }

        // When one has a burst 40 times as large, and the other one 60 times as large
        course.use(at(13, 9), 4_000);
        other.use(at(13, 9), 6_000);

        // Then
        assertThat(course.raised()).isEmpty();
        assertThat(other.kinds()).containsExactly(Kind.ANOMALY);
        assertThat(other.raised().getFirst().observed()).isEqualTo(6_000);
    }

    @Test
    void shouldGetUsedToMore() {
        // Given
        work(0, 10);

        // When the subject does ten times as much from now on
        for (int day = 14; day < 74; day++) {
            course.useEvery(Duration.ofSeconds(18), at(day, 9), at(day, 17), 1);
        }

        // Then
        assertThat(course.raised()).allMatch(deviation -> deviation.end().isBefore(day(40)));
        assertThat(course.raised()).isNotEmpty();
    }

    @Test
    void shouldRaiseNothingForWhatArrivesHoursLate() {
        // Given
        work(0, 10);
        Instant now = at(14, 18);

        // When a loop of the morning becomes known in the evening, after newer usage or without
        for (Instant at = at(14, 9); at.isBefore(at(14, 12)); at = at.plusSeconds(12)) {
            course.arrive(at, 1, now);
        }
        course.use(now, 1);
        for (Instant at = at(14, 13); at.isBefore(at(14, 16)); at = at.plusSeconds(12)) {
            course.arrive(at, 1, now.plusSeconds(1));
        }

        // Then
        assertThat(course.raised()).isEmpty();
    }

    @Test
    void shouldNotTakeADayThatArrivesAtOnceForASpike() {
        // Given
        work(0, 10);

        // When a whole day of usage arrives in sums, each with the time of its newest action
        Instant now = at(14, 17);
        for (int quarter = 0; quarter < 32; quarter++) {
            course.arrive(at(14, 9).plus(Duration.ofMinutes(15L * quarter)), 5, now);
        }

        // Then
        assertThat(course.raised()).isEmpty();
    }

    @Test
    void shouldFindTheSameInAnotherOrder() {
        // Given
        List<Instant> times = new ArrayList<>();
        for (Instant at = at(14, 10); at.isBefore(at(14, 12)); at = at.plusSeconds(12)) {
            times.add(at);
        }
        work(0, 10);
        Activity before = course.activity();
        Deviation inOrder = first(before, times);

        for (long seed = 0; seed < 20; seed++) {
            // When
            List<Instant> shuffled = new ArrayList<>(times);
            Random random = new Random(seed);
            for (int from = 0; from < shuffled.size(); from += 25) {
                Collections.shuffle(shuffled.subList(from, Math.min(shuffled.size(), from + 25)), random);
            }
            Deviation found = first(before, shuffled);

            // Then
            assertThat(Duration.between(inOrder.end(), found.end()).abs())
                    .as("seed " + seed)
                    .isLessThanOrEqualTo(Duration.ofMinutes(5));
        }
    }

    private static Deviation first(Activity before, List<Instant> times) {
        Activity activity = before;
        List<Deviation> raised = new ArrayList<>();
        for (Instant at : times) {
            Observation seen = ActivityWatch.observe(activity, 1, at, at.plus(Duration.ofMinutes(5)));
            activity = seen.activity();
            if (seen.raised() != null) {
                raised.add(seen.raised());
            }
        }
        assertThat(raised).hasSize(1);
        return raised.getFirst();
    }

    @Test
    void shouldRaiseASilenceOnceWhenUsageFallsToATenth() {
        // Given five weeks of rhythm, and the first hours of a Tuesday
        work(0, 36);
        course.useEvery(Duration.ofMinutes(3), at(36, 9), at(36, 11), 1);

        // When it stops
        course.passTo(at(36, 23));

        // Then
        assertThat(course.raised()).hasSize(1);
        Deviation silence = course.raised().getFirst();
        assertThat(silence.kind()).isEqualTo(Kind.SILENCE);
        assertThat(silence.baseline()).isEqualTo(20);
        assertThat(silence.observed()).isLessThanOrEqualTo(2);
        assertThat(silence.start()).isEqualTo(silence.end().minus(HOUR));
        assertThat(silence.end())
                .isBetween(at(36, 11).plus(Duration.ofMinutes(50)), at(36, 12).plus(MINUTE));
        assertThat(silence.factor()).isZero();
        assertThat(course.activity().isSilent()).isTrue();
    }

    @Test
    void shouldRaiseTheNextSilenceOnlyAfterUsageCameBack() {
        // Given
        work(0, 36);
        course.useEvery(Duration.ofMinutes(3), at(36, 9), at(36, 11), 1);

        // When it stops, does almost nothing the day after, comes back and stops again
        course.useEvery(Duration.ofMinutes(30), at(37, 9), at(37, 17), 1);
        int first = course.raised().size();
        course.useEvery(Duration.ofMinutes(3), at(38, 9), at(38, 11), 1);
        boolean back = !course.activity().isSilent();
        course.passTo(at(39, 0));

        // Then
        assertThat(first).isEqualTo(1);
        assertThat(back).isTrue();
        assertThat(course.kinds()).containsExactly(Kind.SILENCE, Kind.SILENCE);
    }

    @Test
    void shouldNotTakeNightsAndWeekEndsForSilence() {
        // When
        work(0, 120);

        // Then
        assertThat(course.raised()).isEmpty();
    }

    @Test
    void shouldForgiveTheRhythmOneHolidayAndForgetItAfterMore() {
        // Given eight weeks, and then a Monday without work, which is a silence
        work(0, 56);
        work(57, 61);
        int first = course.raised().size();

        // When the next Monday is one as well, and the one after
        work(64, 68);
        int second = course.raised().size();
        work(71, 75);

        // Then
        assertThat(first).isEqualTo(1);
        assertThat(second).isEqualTo(2);
        assertThat(course.kinds()).containsExactly(Kind.SILENCE, Kind.SILENCE);
    }

    @Test
    void shouldNeverCallASubjectWithThreeActionsADaySilent() {
        // When
        for (int day = 0; day < 60; day++) {
            course.use(at(day, 9), 1);
            course.use(at(day, 12), 1);
            course.use(at(day, 15), 1);
        }
        course.passTo(day(90));

        // Then
        assertThat(course.raised()).isEmpty();
        assertThat(course.activity().rhythm()).isEqualTo(WeeklyRhythm.NONE);
    }

    @Test
    void shouldForgetASubjectThatIsGone() {
        // Given
        work(0, 3);

        // When
        course.passTo(day(402));
        boolean kept = !course.activity().equals(Activity.NONE);
        course.passTo(day(404));

        // Then
        assertThat(kept).isTrue();
        assertThat(course.activity()).isEqualTo(Activity.NONE);
    }

    @Test
    void shouldStandTheLargestAmounts() {
        // Given
        for (int day = 0; day < 10; day++) {
            course.useEvery(MINUTE, at(day, 9), at(day, 17), 1_000_000_000_000L);
        }

        // When
        course.useEvery(MINUTE, at(11, 9), at(11, 17), Long.MAX_VALUE / 100);

        // Then
        assertThat(course.kinds()).containsExactly(Kind.ANOMALY);
        assertThat(course.raised().getFirst().observed()).isPositive();
    }

    @Test
    void shouldIgnoreAmountsOfNothing() {
        assertThat(ActivityWatch.observe(Activity.NONE, 0, START, START).activity())
                .isSameAs(Activity.NONE);
    }
}
