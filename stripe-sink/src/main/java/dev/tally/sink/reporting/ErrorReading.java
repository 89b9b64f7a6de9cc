package dev.tally.sink.reporting;

import java.util.List;

/** What Stripe says about meter events that it had taken. */
public sealed interface ErrorReading {
    /** The reports asked for, in no order. */
    record Told(List<ErrorReport> reports) implements ErrorReading {
        /** Copies the reports. */
        public Told {
            reports = List.copyOf(reports);
        }
    }

    /** Stripe did not tell; {@code answer} says why. */
    record Untold(Answer answer) implements ErrorReading {}
}
