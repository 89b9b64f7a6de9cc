package dev.tally.sink.reporting;

/** How a fact ended. Every fact gets exactly one. */
public sealed interface Outcome {
    /** Stripe took it. */
    record Accepted() implements Outcome {}

    /** Stripe took it into its stream; that it counts is confirmed by reconciliation. */
    record Unconfirmed() implements Outcome {}

    /** Stripe's sums hold what it had taken into its stream. */
    record Confirmed() implements Outcome {}

    /** Stripe already held it. */
    record DuplicateOk() implements Outcome {}

    /** It can never be billed as it is: kept as a dead letter. */
    record Dead(String reason, String detail) implements Outcome {}

    /** Sending it could bill twice or bill a wrong amount: kept as a dead letter, a person decides. */
    record Parked(String reason, String detail) implements Outcome {}
}
