package dev.tally.sink.reporting;

import java.time.Instant;

/** What a fact amounts to at a given time. */
public sealed interface Preparation {
    /** It can be sent now. */
    record Ready(MeterEvent event) implements Preparation {}

    /** It can never be sent. */
    record Refused(Refusal reason, String detail) implements Preparation {}

    /** Stripe will not take it before {@code from}; nothing is wrong with the fact. */
    record TooEarly(Instant from) implements Preparation {}
}
