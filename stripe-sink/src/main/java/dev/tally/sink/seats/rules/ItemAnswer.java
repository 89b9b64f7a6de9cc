package dev.tally.sink.seats.rules;

import dev.tally.sink.reporting.Answer;

/** What came of reading or updating a subscription item. */
public sealed interface ItemAnswer {
    /** The item as it is; after an update as it became. */
    record Of(SeatItem item) implements ItemAnswer {}

    /** None of Stripe's items: why. */
    record Failed(Answer answer) implements ItemAnswer {}
}
