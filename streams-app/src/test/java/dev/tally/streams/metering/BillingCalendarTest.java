package dev.tally.streams.metering;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BillingCalendarTest {

    private static final Instant ANCHOR_31 = Instant.parse("2027-01-31T10:15:30Z");

    @Test
    void shouldStartDaysAtMidnightUtc() {
        // Given
        Instant last = Instant.parse("2026-11-20T23:59:59.999Z");
        Instant first = Instant.parse("2026-11-21T00:00:00Z");

        // When / Then
        assertThat(BillingCalendar.day(last)).isEqualTo(new Period(Instant.parse("2026-11-20T00:00:00Z"), first));
        assertThat(BillingCalendar.day(first).start()).isEqualTo(first);
        assertThat(BillingCalendar.day(Instant.ofEpochMilli(-1)).start())
                .isEqualTo(Instant.parse("1969-12-31T00:00:00Z"));
    }

    @Test
    void shouldClampFromTheOriginalAnchor() {
        // Given an anchor on the 31st, to the second
        Instant mar = Instant.parse("2027-03-31T10:15:30Z");
        Instant feb = Instant.parse("2027-02-28T10:15:30Z");
        Instant apr = Instant.parse("2027-04-30T10:15:30Z");

        // When / Then
        assertThat(BillingCalendar.period(ANCHOR_31, ANCHOR_31)).isEqualTo(new Period(ANCHOR_31, feb));
        assertThat(BillingCalendar.period(ANCHOR_31, feb)).isEqualTo(new Period(feb, mar));
        assertThat(BillingCalendar.period(ANCHOR_31, feb.minusMillis(1)).start())
                .isEqualTo(ANCHOR_31);
        assertThat(BillingCalendar.period(ANCHOR_31, mar)).isEqualTo(new Period(mar, apr));
    }

    @Test
    void shouldKeepTheLeapDay() {
        // Given
        Instant anchor = Instant.parse("2027-12-29T00:00:00Z");

        // When
        Period period = BillingCalendar.period(anchor, Instant.parse("2028-02-29T12:00:00Z"));

        // Then
        assertThat(period)
                .isEqualTo(new Period(Instant.parse("2028-02-29T00:00:00Z"), Instant.parse("2028-03-29T00:00:00Z")));
    }

    @Test
    void shouldGivePeriodsThatContainTheInstantAndTouchEachOther() {
        // Given
        Random random = new Random(20261121);
        for (int i = 0; i < 20_000; i++) {
            Instant anchor = Instant.ofEpochSecond(1_700_000_000L + random.nextInt(100_000_000));
            Instant at = Instant.ofEpochMilli(1_600_000_000_000L + random.nextLong(400_000_000_000L));

            // When
            Period period = BillingCalendar.period(anchor, at);

            // Then
            assertThat(period.contains(at)).as("anchor %s at %s", anchor, at).isTrue();
            assertThat(BillingCalendar.period(anchor, period.end()).start()).isEqualTo(period.end());
            assertThat(BillingCalendar.period(anchor, period.start().minusMillis(1))
                            .end())
                    .isEqualTo(period.start());
            long months = Math.round(Duration.between(anchor, period.start()).toSeconds() / (86_400 * 30.436875));
            assertThat(period.start())
                    .isEqualTo(anchor.atZone(ZoneOffset.UTC).plusMonths(months).toInstant());
        }
    }

    @Test
    void shouldCutIntervalsAtPeriodBorders() {
        // Given
        Period period = BillingCalendar.period(ANCHOR_31, Instant.parse("2027-02-28T10:17:00Z"));

        // When
        Period first = BillingCalendar.interval(period, Duration.ofMinutes(5), Instant.parse("2027-02-28T10:17:00Z"));
        Period before = BillingCalendar.interval(
                BillingCalendar.period(ANCHOR_31, Instant.parse("2027-02-28T10:15:29Z")),
                Duration.ofMinutes(5),
                Instant.parse("2027-02-28T10:15:29Z"));

        // Then
        assertThat(first)
                .isEqualTo(new Period(Instant.parse("2027-02-28T10:15:30Z"), Instant.parse("2027-02-28T10:20:00Z")));
        assertThat(before)
                .isEqualTo(new Period(Instant.parse("2027-02-28T10:15:00Z"), Instant.parse("2027-02-28T10:15:30Z")));
    }
}
