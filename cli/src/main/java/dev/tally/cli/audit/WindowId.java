package dev.tally.cli.audit;

import dev.tally.keys.Keys;
import dev.tally.schemas.UsageWindow;
import java.time.Duration;
import java.time.Instant;

/** A window of a subject's meter: a day, or a billing period. */
public record WindowId(String subject, String meter, UsageWindow window, Instant start) {

    private static final long DAY_MILLIS = Duration.ofDays(1).toMillis();

    /** The day that an instant lies in. */
    static WindowId day(String subject, String meter, Instant at) {
        long millis = Math.floorDiv(at.toEpochMilli(), DAY_MILLIS) * DAY_MILLIS;
        return new WindowId(subject, meter, UsageWindow.DAY, Instant.ofEpochMilli(millis));
    }

    /** Its key in the topic {@code usage}. */
    @Override
    public String toString() {
        return Keys.usage(subject, meter, window.name(), start.toString());
    }
}
