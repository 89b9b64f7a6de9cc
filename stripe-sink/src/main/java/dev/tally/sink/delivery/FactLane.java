package dev.tally.sink.delivery;

import dev.tally.sink.reporting.Fact;
import java.util.Objects;

/** Facts of one customer and meter are sent one after the other: Stripe allows one call at a time for them. */
record FactLane(String customer, String eventName) {
    static FactLane of(Fact fact) {
        return new FactLane(Objects.requireNonNullElse(fact.customer(), ""), fact.eventName());
    }
}
