package dev.tally.streams.metering;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;

/** Windows of time: days from midnight UTC, billing periods from an anchor, billing intervals within them. */
public final class BillingCalendar {

    /** No billing period is longer. */
    public static final Duration LONGEST_PERIOD = Duration.ofDays(31);

    private static final long DAY_MILLIS = Duration.ofDays(1).toMillis();

    private BillingCalendar() {}

    /** The day window that an instant lies in. */
    public static Period day(Instant at) {
        long start = Math.floorDiv(at.toEpochMilli(), DAY_MILLIS) * DAY_MILLIS;
        return new Period(Instant.ofEpochMilli(start), Instant.ofEpochMilli(start + DAY_MILLIS));
    }

    /**
     * The billing period that an instant lies in. Period n starts n months after the <em>original</em> anchor, so that an anchor on
     * the 31st comes back to the 31st after a short month.
     */
    public static Period period(Instant anchor, Instant at) {
        ZonedDateTime origin = anchor.atZone(ZoneOffset.UTC);
        long n = ChronoUnit.MONTHS.between(origin, at.atZone(ZoneOffset.UTC));
        // MONTHS.between clamps differently at short months; at most one step in either direction corrects it.
        while (origin.plusMonths(n).toInstant().isAfter(at)) {
            n--;
        }
        while (!origin.plusMonths(n + 1).toInstant().isAfter(at)) {
            n++;
        }
        return new Period(
                origin.plusMonths(n).toInstant(), origin.plusMonths(n + 1).toInstant());
    }

    /**
     * The billing interval that an instant lies in, cut at the borders of its period.
     *
     * @param length divides 24 h, so that uncut intervals are aligned to midnight UTC
     */
    public static Period interval(Period period, Duration length, Instant at) {
        long millis = length.toMillis();
        long start = Math.floorDiv(at.toEpochMilli(), millis) * millis;
        Instant from = Instant.ofEpochMilli(start);
        Instant to = Instant.ofEpochMilli(start + millis);
        return new Period(
                from.isBefore(period.start()) ? period.start() : from, to.isAfter(period.end()) ? period.end() : to);
    }
}
