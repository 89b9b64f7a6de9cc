package dev.tally.sink.comparison;

import java.time.Instant;
import java.util.Comparator;

/** An hour of one customer and meter: the finest sums that Stripe lists. */
public record HourKey(String customer, String eventName, Instant hour) implements Comparable<HourKey> {
    private static final Comparator<HourKey> ORDER = Comparator.comparing(HourKey::customer)
            .thenComparing(HourKey::eventName)
            .thenComparing(HourKey::hour);

    @Override
    public int compareTo(HourKey other) {
        return ORDER.compare(this, other);
    }
}
