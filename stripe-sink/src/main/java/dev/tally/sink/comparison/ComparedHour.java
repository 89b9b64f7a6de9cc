package dev.tally.sink.comparison;

import java.math.BigDecimal;
import java.util.List;

/**
 * One hour, compared.
 *
 * @param taken sum of what the ledger says Stripe took
 * @param found Stripe's sum
 * @param facts all facts of the hour
 */
public record ComparedHour(HourKey key, Verdict verdict, BigDecimal taken, BigDecimal found, List<SentFact> facts) {
    /** What the comparison came to. */
    public enum Verdict {
        /** Stripe has what it took. */
        EQUAL,
        /** Stripe has less: it is not billed. */
        MISSING,
        /** Stripe has more: it is billed too much, or by somebody else. */
        EXTRA,
        /** Cannot be judged yet: a fact is open, or was sent a short while ago. */
        UNSETTLED
    }

    /** Copies the facts. */
    public ComparedHour {
        facts = List.copyOf(facts);
    }

    /** What Stripe has beyond what it took, negative where it has less. */
    public BigDecimal difference() {
        return found.subtract(taken);
    }
}
