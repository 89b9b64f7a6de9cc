package dev.tally.cli.standin;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;

/**
 * A billing period, {@code start} inclusive and {@code end} exclusive. Period n runs from the original anchor + n intervals,
 * clamped to the end of shorter months, as Stripe documents for {@code billing_cycle_anchor}.
 */
record Period(Instant start, Instant end) {

    static Period containing(Instant anchor, int months, Instant instant) {
        OffsetDateTime first = anchor.atOffset(ZoneOffset.UTC);
        long number = Math.floorDiv(ChronoUnit.MONTHS.between(first, instant.atOffset(ZoneOffset.UTC)), months);
        while (border(first, months, number).isAfter(instant)) {
            number--;
        }
        while (!border(first, months, number + 1).isAfter(instant)) {
            number++;
        }
        return new Period(border(first, months, number), border(first, months, number + 1));
    }

    private static Instant border(OffsetDateTime first, int months, long number) {
        return first.plusMonths(Math.multiplyExact(months, number)).toInstant();
    }

    boolean contains(Instant instant) {
        return !instant.isBefore(start) && instant.isBefore(end);
    }
}
