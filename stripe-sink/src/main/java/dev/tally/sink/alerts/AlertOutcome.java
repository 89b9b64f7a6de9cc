package dev.tally.sink.alerts;

/** How the delivery of an alert to one address ended. */
public sealed interface AlertOutcome {
    /** It was taken. */
    record Delivered() implements AlertOutcome {}

    /** It is not tried any more: kept as a dead letter. */
    record Dead(String reason, String detail) implements AlertOutcome {}
}
