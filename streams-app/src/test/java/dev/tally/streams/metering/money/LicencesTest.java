package dev.tally.streams.metering.money;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.streams.metering.BillingCalendar;
import dev.tally.streams.metering.Period;
import dev.tally.streams.metering.money.Licences.Phase;
import dev.tally.streams.metering.money.PlanPrices.Interval;
import dev.tally.streams.metering.money.SeatCourse.Step;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** November 2026 has 30 days. */
class LicencesTest {

    private static final Instant JANUARY = Instant.parse("2026-01-01T00:00:00Z");
    private static final PlanPrices TEAM = prices(Interval.MONTH, "49.00", "12.00");
    private static final PlanPrices YEARLY = prices(Interval.YEAR, "468.00", "120.00");

    private static PlanPrices prices(Interval interval, String base, String perSeat) {
        return new PlanPrices("USD", interval, new BigDecimal(base), new BigDecimal(perSeat), Map.of());
    }

    @Test
    void shouldProrateSeatsThatComeAndGo() {
        // Given six seats, a seventh from the 16th, and without it from the 23rd
        SeatCourse seats = new SeatCourse(6, List.of(step("2026-11-16", 7), step("2026-11-23", 6)));

        // Then
        assertThat(seats("2026-11-16", null, seats, phase("2026-01-01", TEAM))).isEqualByComparingTo("74.80");
        assertThat(seats("2026-11-16", null, new SeatCourse(6, seats.steps().subList(0, 1)), phase("2026-01-01", TEAM)))
                .isEqualByComparingTo("78.00");
        assertThat(base("2026-11-16", null, phase("2026-01-01", TEAM))).isEqualByComparingTo("49.00");
    }

    @Test
    void shouldShowAYearWithItsFirstMonth() {
        SeatCourse six = new SeatCourse(6, List.of());

        assertThat(total("2026-01-16", null, six, phase("2026-01-01", YEARLY))).isEqualByComparingTo("1188.00");
        assertThat(total("2026-02-16", null, six, phase("2026-01-01", YEARLY))).isEqualByComparingTo("0");
        assertThat(total("2027-01-16", null, six, phase("2026-01-01", YEARLY))).isEqualByComparingTo("1188.00");
        // A seat for the last 31 of 365 days
        assertThat(total(
                        "2026-12-16",
                        null,
                        new SeatCourse(6, List.of(step("2026-12-01", 7))),
                        phase("2026-01-01", YEARLY)))
                .isEqualByComparingTo("10.19");
    }

    @Test
    void shouldProrateAnUpgrade() {
        PlanPrices pro = prices(Interval.MONTH, "19.00", "0");
        Phase[] phases = {phase("2026-01-01", pro), phase("2026-11-16", TEAM)};

        // 19.00 - 9.50 + 24.50
        assertThat(base("2026-11-01", null, phases)).isEqualByComparingTo("34.00");
        assertThat(base("2026-12-01", null, phases)).isEqualByComparingTo("49.00");
        assertThat(seats("2026-11-01", null, new SeatCourse(2, List.of()), phases))
                .isEqualByComparingTo("12.00");
        // Until the upgrade
        Licences licences = new Licences(JANUARY, List.of(phases), null);
        assertThat(licences.base(period("2026-11-01"), Instant.parse("2026-11-10T00:00:00Z")))
                .isEqualByComparingTo("19.00");
    }

    @Test
    void shouldInvoiceAChangeAtTheBorderOnceAtTheNewPrice() {
        Phase[] phases = {phase("2026-01-01", TEAM), phase("2026-11-01", prices(Interval.MONTH, "19.00", "0"))};

        assertThat(base("2026-11-01", null, phases)).isEqualByComparingTo("19.00");
        assertThat(base("2026-10-01", null, phases)).isEqualByComparingTo("49.00");
        // The year that begins in the middle of one: what is left of it
        assertThat(base("2026-07-01", null, phase("2026-01-01", TEAM), phase("2026-07-01", YEARLY)))
                .isEqualByComparingTo("235.92");
    }

    @Test
    void shouldChargeWhatBeginsWithinAPeriodFromThenOn() {
        assertThat(base("2026-11-01", null, phase("2026-11-16", TEAM))).isEqualByComparingTo("24.50");
        assertThat(base("2026-10-01", null, phase("2026-11-16", TEAM))).isEqualByComparingTo("0");
    }

    @Test
    void shouldGiveNoCreditForACancellationAndChargeNothingAfterIt() {
        SeatCourse seats = new SeatCourse(6, List.of(step("2026-11-16", 7)));

        assertThat(total("2026-11-01", "2026-11-10", seats, phase("2026-01-01", TEAM)))
                .isEqualByComparingTo("121.00");
        assertThat(total("2026-12-01", "2026-11-10", seats, phase("2026-01-01", TEAM)))
                .isEqualByComparingTo("0");
    }

    @Test
    void shouldPriceSeatsByThePlanOfTheirDay() {
        // Given a seat more on the day of the upgrade, and one before
        Phase[] phases = {
            phase("2026-01-01", prices(Interval.MONTH, "0", "6.00")),
            phase("2026-11-16", prices(Interval.MONTH, "0", "12.00"))
        };

        // 2 x 6.00 = 12.00; on the 16th -6.00 + 12.00 for two; a third at the new price from the 21st: 4.00
        assertThat(seats("2026-11-01", null, new SeatCourse(2, List.of(step("2026-11-21", 3))), phases))
                .isEqualByComparingTo("22.00");
        // The same day: at the new price
        assertThat(seats("2026-11-01", null, new SeatCourse(2, List.of(step("2026-11-16", 3))), phases))
                .isEqualByComparingTo("24.00");
    }

    private static Step step(String day, long seats) {
        return new Step(Instant.parse(day + "T00:00:00Z"), seats);
    }

    private static Phase phase(String from, PlanPrices prices) {
        return new Phase(Instant.parse(from + "T00:00:00Z"), prices);
    }

    private static Period period(String in) {
        return BillingCalendar.period(JANUARY, Instant.parse(in + "T00:00:00Z"));
    }

    private static BigDecimal base(String in, @Nullable String ended, Phase... phases) {
        return licences(ended, phases).base(period(in), Instant.MAX);
    }

    private static BigDecimal seats(String in, @Nullable String ended, SeatCourse seats, Phase... phases) {
        return licences(ended, phases).seats(period(in), seats, Instant.MAX);
    }

    private static BigDecimal total(String in, @Nullable String ended, SeatCourse seats, Phase... phases) {
        return base(in, ended, phases).add(seats(in, ended, seats, phases));
    }

    private static Licences licences(@Nullable String ended, Phase... phases) {
        return new Licences(JANUARY, List.of(phases), ended == null ? null : Instant.parse(ended + "T00:00:00Z"));
    }
}
