package dev.tally.sink.alerts;

import java.time.Instant;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A quota alert, with the fields and meanings of the record {@code QuotaAlert}.
 *
 * @param severity how much it matters, as in the record
 * @param scope what the limit applies to, as in the record
 * @param threshold per cent of the limit; null where none applies
 * @param limit null where there is none; of ANOMALY and SILENCE what is usual
 * @param late whether its window had ended when it was decided
 */
public record Alert(
        String alertId,
        Kind kind,
        String severity,
        String subject,
        String scope,
        String scopeId,
        String meter,
        Instant windowStart,
        Instant windowEnd,
        @Nullable Integer threshold,
        int epoch,
        @Nullable Long limit,
        long used,
        @Nullable Instant resetsAt,
        @Nullable String planId,
        String cause,
        boolean late,
        Instant at) {

    /** What happened. */
    public enum Kind {
        WARNING,
        REACHED,
        EXCEEDED,
        POOL_LOW,
        RECOVERED,
        ANOMALY,
        SILENCE,
        /** A kind of a newer writer. */
        UNKNOWN;

        /** As in the type of a webhook's message, e.g. {@code pool_low}. */
        public String code() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
