package dev.tally.sink.seats.rules;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A subscription item as Stripe has it.
 *
 * @param subscription Stripe's id of the subscription that it is a part of
 * @param quantity null where Stripe has none
 * @param metered whether its price goes by usage; it then takes no quantity
 * @param periodStart begin of its current billing period, inclusive
 * @param periodEnd end of the same, exclusive
 */
public record SeatItem(
        String id,
        String subscription,
        @Nullable Long quantity,
        boolean metered,
        Instant periodStart,
        Instant periodEnd) {

    /** Refuses a period without a second in it. */
    public SeatItem {
        if (!periodStart.isBefore(periodEnd)) {
            throw new IllegalArgumentException("the period is empty");
        }
    }

    /** Whether it has this quantity already. */
    public boolean has(long wanted) {
        return quantity != null && quantity == wanted;
    }

    /** The time from which a change is prorated: its own, within the current period (Stripe refuses others), in whole seconds. */
    public Instant prorationDate(Instant effectiveAt) {
        Instant last = periodEnd.minusSeconds(1);
        Instant clamped =
                effectiveAt.isBefore(periodStart) ? periodStart : effectiveAt.isAfter(last) ? last : effectiveAt;
        return Instant.ofEpochSecond(clamped.getEpochSecond());
    }
}
