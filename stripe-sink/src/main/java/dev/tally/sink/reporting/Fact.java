package dev.tally.sink.reporting;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A billable fact as far as reporting needs it: an immutable amount that becomes exactly one Stripe meter event.
 *
 * @param identifier Stripe's identifier of the meter event; the same fact always has the same one
 * @param payer the subject that pays, as text
 * @param customer Stripe's customer id; null where the payer had none when the interval was closed
 * @param eventName event name of the Stripe meter
 * @param amount units, negative in a correction that takes back
 * @param timestamp the time the usage is charged at
 * @param hasOwnMinute whether no other fact of its payer and meter is charged within the same minute, so that Stripe's sum over that
 *     minute tells whether it is there
 */
public record Fact(
        String identifier,
        String payer,
        @Nullable String customer,
        String eventName,
        long amount,
        Instant timestamp,
        boolean hasOwnMinute) {
    /** The same charged at another time, which other facts may be charged at, too. */
    Fact stamped(Instant other) {
        return new Fact(identifier, payer, customer, eventName, amount, other, false);
    }
}
