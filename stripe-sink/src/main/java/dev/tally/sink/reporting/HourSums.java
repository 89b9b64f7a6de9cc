package dev.tally.sink.reporting;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.Map;

/** What Stripe says about its sums by hour. */
public sealed interface HourSums {
    /** The sums by the start of their hours; an hour that is left out has none. */
    record Of(Map<Instant, BigDecimal> byHour) implements HourSums {
        /** Copies the sums. */
        public Of {
            byHour = Map.copyOf(byHour);
        }
    }

    /** Stripe did not tell; {@code answer} says why. */
    record Untold(Answer answer) implements HourSums {}
}
