package dev.tally.sink.seats;

import dev.tally.sink.seats.rules.ItemAnswer;
import dev.tally.sink.seats.rules.SeatOutcome;

/** Hears what happens to seats, for metrics; called from several threads and must return at once. */
public interface SeatsListener {
    /** What came of comparing an item with the ledger. */
    enum Check {
        /** The quantities are equal. */
        IN_STEP,
        /** They are not. */
        DIFFERS,
        /** Stripe did not tell. */
        UNTOLD
    }

    /** One call came to {@code answer}. */
    void answered(ItemAnswer answer);

    /** An outcome was committed. */
    void ended(SeatOutcome outcome);

    /** An item was compared with the ledger. */
    void checked(Check result);

    /** So many items differed when they were last compared. */
    void differing(int items);
}
