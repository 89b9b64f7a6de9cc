package dev.tally.streams.entitlements;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;

/** A day or a billing period. */
record Span(Instant start, Instant end) {

    static Span dayOf(Instant time) {
        Instant start = time.truncatedTo(ChronoUnit.DAYS);
        return new Span(start, start.plus(1, ChronoUnit.DAYS));
    }

    /** The period that a time at or after the anchor lies in. */
    static Span periodOf(Instant anchor, Instant time, Mutant mutant) {
        Instant start = anchor;
        for (int months = 1; ; months++) {
            Instant end =
                    mutant == Mutant.ANCHOR_FROM_PREVIOUS_PERIOD ? monthsAfter(start, 1) : monthsAfter(anchor, months);
            if (time.isBefore(end)) {
                return new Span(start, end);
            }
            start = end;
        }
    }

    private static Instant monthsAfter(Instant from, int months) {
        return from.atZone(ZoneOffset.UTC).plusMonths(months).toInstant();
    }

    boolean contains(Instant time) {
        return !time.isBefore(start) && time.isBefore(end);
    }
}
