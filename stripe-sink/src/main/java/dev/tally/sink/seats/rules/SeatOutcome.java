package dev.tally.sink.seats.rules;

/** How a seat change ended. Each gets exactly one; the newest gets another whenever the subscription names another item. */
public sealed interface SeatOutcome {
    /** The stable text of the kind. */
    String code();

    /** Stripe took the quantity. */
    record Sent() implements SeatOutcome {
        @Override
        public String code() {
            return "sent";
        }
    }

    /** Stripe had the quantity already. */
    record InStep() implements SeatOutcome {
        @Override
        public String code() {
            return "in_step";
        }
    }

    /** No item is named; the newest change is remembered until one is. */
    record NoItem() implements SeatOutcome {
        @Override
        public String code() {
            return "no_item";
        }
    }

    /** The subscription is canceled. */
    record Canceled() implements SeatOutcome {
        @Override
        public String code() {
            return "canceled";
        }
    }

    /** A later change of the same day, or for another item, took its place before it was sent. */
    record Superseded() implements SeatOutcome {
        @Override
        public String code() {
            return "superseded";
        }
    }

    /** It, or a later version, was taken in before. */
    record Known() implements SeatOutcome {
        @Override
        public String code() {
            return "known";
        }
    }

    /** Stripe refuses it for good: kept as a dead letter. */
    record Refused(String reason, String detail) implements SeatOutcome {
        @Override
        public String code() {
            return "refused";
        }
    }

    /** The record is no seat change: kept as a dead letter. */
    record Unreadable(String reason, String detail) implements SeatOutcome {
        @Override
        public String code() {
            return "unreadable";
        }
    }
}
