package dev.tally.sink.reporting;

import java.math.BigDecimal;

/** What Stripe says about its sum over the minute of a fact. */
public sealed interface MinuteSum {
    /** The sum of all events of the customer and meter in that minute. */
    record Of(BigDecimal sum) implements MinuteSum {}

    /** Stripe did not tell; {@code answer} says why. */
    record Untold(Answer answer) implements MinuteSum {}

    /** Whether it is an answer of a Stripe in service. */
    default boolean provesService() {
        return switch (this) {
            case Of(BigDecimal sum) -> true;
            case Untold(Answer answer) -> answer.provesService();
        };
    }
}
