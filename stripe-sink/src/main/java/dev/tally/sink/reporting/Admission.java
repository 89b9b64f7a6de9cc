package dev.tally.sink.reporting;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What the ledger says about a fact that was just read. */
public sealed interface Admission {
    /** Deliver it. */
    record Deliver(Attempts attempts) implements Admission {}

    /** Its outcome is known already: it was read again. */
    record AlreadySettled() implements Admission {}

    /** Its identifier is known with another amount: never sent. */
    record Conflict(Outcome.Parked outcome) implements Admission {}

    /** Reason of a fact whose identifier is known with another amount. */
    String AMOUNT_DIFFERS = "amount_differs";

    /** Judges {@code fact} by what is known of its identifier at {@code now}; null where nothing is. */
    static Admission of(Fact fact, @Nullable Known known, Instant now) {
        if (known == null) {
            return new Deliver(Attempts.first(fact.identifier()));
        }
        if (known.amount() != fact.amount()) {
            return new Conflict(new Outcome.Parked(
                    AMOUNT_DIFFERS,
                    "identifier is known with amount " + known.amount() + ", fact says " + fact.amount()));
        }
        return switch (known.state()) {
            case TAKEN, UNCONFIRMED, DEAD, PARKED -> new AlreadySettled();
            case INTENT -> new Deliver(Attempts.resumed(known, fact.identifier(), now));
        };
    }
}
