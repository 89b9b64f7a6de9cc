package dev.tally.sink.delivery;

import dev.tally.schemas.BillableFact;
import dev.tally.sink.reporting.Fact;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** The records of the facts topic as reporting sees them. */
public final class Facts {
    private static final Duration MINUTE = Duration.ofMinutes(1);

    private Facts() {}

    /** The fact in a record. */
    public static Fact of(BillableFact billable) {
        return new Fact(
                billable.getIdentifier(),
                billable.getPayer(),
                billable.getStripeCustomerId(),
                billable.getEventName(),
                billable.getAmount(),
                billable.getTimestamp(),
                hasOwnMinute(billable));
    }

    /**
     * Revisions of an interval are charged a minute apart, as long as there are minutes in it; the last minute may be shared. What is
     * carried into a later period is charged at any time.
     */
    private static boolean hasOwnMinute(BillableFact billable) {
        Instant own = billable.getIntervalStart().plus(Duration.ofMinutes(billable.getRevision()));
        return billable.getTimestamp().equals(own)
                && own.plus(MINUTE).isBefore(billable.getIntervalEnd())
                && own.equals(own.truncatedTo(ChronoUnit.MINUTES));
    }
}
