package dev.tally.cli.audit;

import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;

/**
 * A billing period: from the anchor's day and time in one month to the same in the next, on the last day of a month that is too short
 * for it.
 */
public record BillingMonth(Instant start, Instant end) {

    /** The period that an instant lies in. */
    static BillingMonth of(Instant anchor, Instant at) {
        LocalDateTime first = LocalDateTime.ofInstant(anchor, ZoneOffset.UTC);
        YearMonth month = YearMonth.from(LocalDateTime.ofInstant(at, ZoneOffset.UTC));
        // Each period starts in another month, so the one that starts in this month has begun or is the next.
        YearMonth started = startIn(month, first).isAfter(at) ? month.minusMonths(1) : month;
        return new BillingMonth(startIn(started, first), startIn(started.plusMonths(1), first));
    }

    private static Instant startIn(YearMonth month, LocalDateTime first) {
        int day = Math.min(first.getDayOfMonth(), month.lengthOfMonth());
        return month.atDay(day).atTime(first.toLocalTime()).toInstant(ZoneOffset.UTC);
    }

    /** A day whose midnight, with which it begins, lies in the period. */
    public LocalDate midnightInside() {
        LocalDateTime begin = LocalDateTime.ofInstant(start, ZoneOffset.UTC);
        LocalDateTime midnight = begin.truncatedTo(ChronoUnit.DAYS);
        return (midnight.equals(begin) ? begin : begin.plusDays(1)).toLocalDate();
    }

    /** Whether the midnight with which a day begins lies in it. */
    public boolean holds(LocalDate day) {
        Instant midnight = day.atStartOfDay(ZoneOffset.UTC).toInstant();
        return !midnight.isBefore(start) && midnight.isBefore(end);
    }
}
