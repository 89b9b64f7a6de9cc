package dev.tally.sink.reporting;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** What Stripe says of the account that the key belongs to. */
public sealed interface AccountReading {
    /**
     * Stripe answered.
     *
     * @param meters all meters of the account
     * @param time what it said of the time; empty where it did not
     */
    record Told(List<StripeMeter> meters, Optional<StripeTime> time) implements AccountReading {
        /** Copies the meters. */
        public Told {
            meters = List.copyOf(meters);
        }
    }

    /** Stripe did not tell; {@code answer} says why. */
    record Untold(Answer answer) implements AccountReading {}

    /**
     * Stripe's time (header {@code Date}, to the second), said between two instants of this machine's clock.
     *
     * @param asked before the call
     * @param answered after it
     */
    record StripeTime(Instant said, Instant asked, Instant answered) {}
}
