package dev.tally.cli;

import dev.tally.cli.audit.ChargedMeter;
import dev.tally.cli.audit.WindowId;
import dev.tally.keys.Subject;
import dev.tally.schemas.UsageWindow;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import org.jspecify.annotations.Nullable;

/**
 * What an audit is asked for.
 *
 * @param org only this organisation; null: all subjects
 * @param day only windows of this day, and billing periods that it begins in; null: all
 * @param period of billing periods only those that this day begins in; null: all
 */
record AuditScope(
        @Nullable String org,
        @Nullable LocalDate day,
        @Nullable LocalDate period) {

    /** All there is. */
    static final AuditScope ALL = new AuditScope(null, null, null);

    boolean holds(String subject) {
        return org == null || subject.equals(Subject.org(org).text());
    }

    boolean holds(WindowId window) {
        return holds(window.subject())
                && (window.window() == UsageWindow.DAY ? isDay(window.start()) : isPeriod(window.start()));
    }

    private boolean isDay(Instant start) {
        return day == null || start.equals(midnight(day));
    }

    /** A period that begins at a time is at least 28 days long, and at most 31: at its ends the start decides. */
    private boolean isPeriod(Instant start) {
        return within(day, start) && within(period, start);
    }

    private static boolean within(@Nullable LocalDate of, Instant start) {
        return of == null || (!midnight(of).isBefore(start) && midnight(of).isBefore(start.plus(Duration.ofDays(28))));
    }

    boolean holds(ChargedMeter charged) {
        return holds(charged.payer())
                && (day == null || charged.period().holds(day))
                && (period == null || charged.period().holds(period));
    }

    /** Whether it is narrow enough to ask about every window. */
    boolean isNarrow() {
        return org != null || day != null;
    }

    private static Instant midnight(LocalDate of) {
        return of.atStartOfDay(ZoneOffset.UTC).toInstant();
    }
}
