package dev.tally.sink.reporting;

import java.time.Duration;
import java.time.Instant;

/**
 * Turns a fact into the meter event it becomes.
 *
 * <p>An amount of zero is sent like any other: it changes no sum, and every fact then has its event. Stripe counts the
 * age of an event from its receipt, so the question is asked again before each attempt.
 */
public final class Reporting {
    /** Oldest timestamp Stripe takes (Stripe's OpenAPI file: "within the past 35 calendar days"). */
    public static final Duration MAX_AGE = Duration.ofDays(35);

    /** Furthest timestamp ahead of its clock that Stripe takes (same source). */
    public static final Duration MAX_AHEAD = Duration.ofMinutes(5);

    private Reporting() {}

    /** Decides what {@code fact} amounts to at {@code now}. */
    public static Preparation prepare(Fact fact, Instant now) {
        if (fact.identifier().isEmpty() || fact.identifier().length() > MeterEvent.MAX_NAME_LENGTH) {
            return refused(
                    Refusal.INVALID_IDENTIFIER, fact.identifier().length() + " characters, 1 to 100 are allowed");
        }
        if (fact.eventName().isEmpty() || fact.eventName().length() > MeterEvent.MAX_NAME_LENGTH) {
            return refused(Refusal.INVALID_EVENT_NAME, fact.eventName().length() + " characters, 1 to 100 are allowed");
        }
        String customer = fact.customer();
        if (customer == null || customer.isBlank()) {
            return refused(Refusal.NO_CUSTOMER, "payer " + fact.payer() + " has no Stripe customer");
        }
        if (fact.amount() > MeterEvent.MAX_VALUE || fact.amount() < -MeterEvent.MAX_VALUE) {
            return refused(Refusal.TOO_MANY_DIGITS, fact.amount() + " has more than 15 digits");
        }
        if (fact.timestamp().isBefore(now.minus(MAX_AGE))) {
            return refused(Refusal.TOO_OLD, fact.timestamp() + " is more than 35 days before " + now);
        }
        if (fact.timestamp().isAfter(now.plus(MAX_AHEAD))) {
            return new Preparation.TooEarly(fact.timestamp().minus(MAX_AHEAD));
        }
        return new Preparation.Ready(
                new MeterEvent(fact.identifier(), fact.eventName(), customer, fact.amount(), fact.timestamp()));
    }

    private static Preparation refused(Refusal reason, String detail) {
        return new Preparation.Refused(reason, detail);
    }
}
