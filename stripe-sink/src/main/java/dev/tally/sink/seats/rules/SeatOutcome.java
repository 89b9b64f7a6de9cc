package dev.tally.sink.seats.rules;

/** How a seat change ended. Each gets exactly one; the newest gets another whenever the subscription names another item. */
public sealed interface SeatOutcome {
    /** The stable text of the kind. */
    default String code() {
        return switch (this) {
            case Sent unused -> "sent";
            case InStep unused -> "in_step";
            case NoItem unused -> "no_item";
            case Canceled unused -> "canceled";
            case Superseded unused -> "superseded";
            case Known unused -> "known";
            case Refused unused -> "refused";
            case Unreadable unused -> "unreadable";
        };
    }

    /** Stripe took the quantity. */
    record Sent() implements SeatOutcome {}

    /** Stripe had the quantity already. */
    record InStep() implements SeatOutcome {}

    /** No item is named; the newest change is remembered until one is. */
    record NoItem() implements SeatOutcome {}

    /** The subscription is canceled. */
    record Canceled() implements SeatOutcome {}

    /** A later change of the same day, or for another item, took its place before it was sent. */
    record Superseded() implements SeatOutcome {}

    /** It, or a later version, was taken in before. */
    record Known() implements SeatOutcome {}

    /** Stripe refuses it for good: kept as a dead letter. */
    record Refused(String reason, String detail) implements SeatOutcome {}

    /** The record is no seat change: kept as a dead letter. */
    record Unreadable(String reason, String detail) implements SeatOutcome {}
}
