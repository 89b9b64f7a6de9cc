package dev.tally.streams.metering.money;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.streams.metering.Period;
import dev.tally.streams.metering.money.UsageForecast.Outlook;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class UsageForecastTest {

    /** A Monday. */
    private static final Instant NOW = Instant.parse("2026-11-16T00:00:00Z");

    private static final long TODAY = NOW.getEpochSecond() / 86_400;

    @Test
    void shouldExpectNothingOfWhoHasUsedNothing() {
        assertThat(UsageForecast.of(past(Collections.nCopies(40, 0L), 0, 0), ahead("2026-12-01T00:00:00Z")))
                .isEqualTo(Outlook.NOTHING);
        assertThat(UsageForecast.of(new DailyUsage(TODAY, List.of(0L), 0), ahead("2026-12-01T00:00:00Z")))
                .isEqualTo(Outlook.NOTHING);
    }

    @Test
    void shouldGoOnWithTheShapeOfTheWeek() {
        // Given five busy days a week
        List<Long> days = new ArrayList<>();
        for (long day = TODAY - 35; day < TODAY; day++) {
            days.add(isWeekend(day) ? 0L : 100L);
        }

        // When
        Outlook weekend = UsageForecast.of(
                past(days, 0, 0),
                new Period(Instant.parse("2026-11-21T00:00:00Z"), Instant.parse("2026-11-23T00:00:00Z")));
        Outlook week = UsageForecast.of(past(days, 0, 0), ahead("2026-11-23T00:00:00Z"));

        // Then
        assertThat(week.likely()).isBetween(490L, 515L);
        assertThat(weekend.likely()).isLessThan(40L);
        assertThat(week.low()).isLessThan(week.likely());
        assertThat(week.high()).isGreaterThan(week.likely());
    }

    @Test
    void shouldNotTakeTheTimeBeforeTheFirstUseForIdle() {
        // Given
        List<Long> days = new ArrayList<>(Collections.nCopies(35, 0L));
        days.addAll(Collections.nCopies(5, 100L));

        // When
        Outlook outlook = UsageForecast.of(past(days, 0, 0), ahead("2026-11-26T00:00:00Z"));

        // Then
        assertThat(outlook.likely()).isBetween(950L, 1_050L);
    }

    @Test
    void shouldCountTodayAsFarAsItHasPassed() {
        // Given the first quarter of a day like all before
        List<Long> days = Collections.nCopies(14, 100L);
        Instant now = NOW.plusSeconds(6 * 3_600);

        // When
        Outlook outlook =
                UsageForecast.of(past(days, 25, 0.25), new Period(now, Instant.parse("2026-11-17T00:00:00Z")));

        // Then
        assertThat(outlook.likely()).isEqualTo(75);
    }

    @Test
    void shouldTellLessOfADayThanOfAMonth() {
        List<Long> days = new ArrayList<>();
        for (int day = 0; day < 35; day++) {
            days.add(day % 2 == 0 ? 50L : 150L);
        }

        Outlook day = UsageForecast.of(past(days, 0, 0), ahead("2026-11-17T00:00:00Z"));
        Outlook month = UsageForecast.of(past(days, 0, 0), ahead("2026-12-16T00:00:00Z"));

        assertThat(width(month)).isLessThan(width(day));
    }

    private static double width(Outlook outlook) {
        return (double) (outlook.high() - outlook.low()) / outlook.likely();
    }

    private static boolean isWeekend(long day) {
        // 1970-01-01 was a Thursday
        return (day + 3) % 7 >= 5;
    }

    private static DailyUsage past(List<Long> days, long today, double passed) {
        List<Long> all = new ArrayList<>(days);
        all.add(today);
        return new DailyUsage(TODAY - days.size(), all, passed);
    }

    private static Period ahead(String end) {
        return new Period(NOW, Instant.parse(end));
    }
}
