package dev.tally.sink.reconciling;

import dev.tally.sink.comparison.ComparedHour;
import dev.tally.sink.comparison.ComparedHour.Verdict;
import dev.tally.sink.comparison.SentFact;
import dev.tally.sink.reporting.Answer;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;

/**
 * What a comparison with Stripe came to.
 *
 * @param from first hour
 * @param to after the last hour
 * @param absent facts of hours with less than Stripe took, of which its sums over their minutes say that they are not there
 * @param confirmed unconfirmed facts that Stripe's sums hold: of equal hours, and those whose minutes have just their amount
 * @param untold customers and meters of which Stripe did not tell
 */
public record Reconciliation(
        Instant from,
        Instant to,
        List<ComparedHour> hours,
        List<SentFact> absent,
        List<SentFact> confirmed,
        List<Untold> untold) {
    /** Copies its parts. */
    public Reconciliation {
        hours = List.copyOf(hours);
        absent = List.copyOf(absent);
        confirmed = List.copyOf(confirmed);
        untold = List.copyOf(untold);
    }

    /** A customer and meter that Stripe did not tell about, and why. */
    public record Untold(String customer, String eventName, Answer answer) {
        /** Whether Stripe will not tell however often it is asked: it does not know the customer or the meter. */
        public boolean isPermanent() {
            return answer instanceof Answer.Permanent;
        }
    }

    /** The hours with a verdict. */
    public List<ComparedHour> hours(Verdict verdict) {
        return hours.stream().filter(hour -> hour.verdict() == verdict).toList();
    }

    /** Units that Stripe has too few (negative) or too many in the hours with a verdict. */
    public BigDecimal difference(Verdict verdict) {
        return hours(verdict).stream().map(ComparedHour::difference).reduce(BigDecimal.ZERO, BigDecimal::add);
    }
}
