package dev.tally.cli.audit;

import dev.tally.cli.audit.ChargeCatalogue.Charging;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * What the log says about a payer's meter in a billing period.
 *
 * @param rows its usage
 * @param provable false where some of it was judged while the catalogue changed
 * @param moving whether actions of its payer are not processed for sure yet
 * @param canceled whether the subscription has ended; when, the log of actions does not tell
 * @param split what covered it, where the log tells in which order its actions were judged
 */
public record ChargedPeriod(List<Row> rows, boolean provable, boolean moving, boolean canceled, Optional<Split> split) {

    /**
     * Usage under one plan that may be taken from the same grants.
     *
     * @param surely grants that were known and in force, by grantId
     * @param perhaps these, and such as were in force and perhaps not known yet
     * @param least that is accounted for at least
     * @param most and at most
     */
    record Row(Charging plan, Set<String> surely, Set<String> perhaps, long least, long most) {}

    public ChargedPeriod {
        rows = List.copyOf(rows);
    }

    /** What is accounted for at least. */
    public long least() {
        return least(row -> true);
    }

    /** What is accounted for at most. */
    public long most() {
        return most(row -> true);
    }

    long least(Predicate<Row> of) {
        return rows.stream().filter(of).mapToLong(Row::least).sum();
    }

    long most(Predicate<Row> of) {
        return rows.stream().filter(of).mapToLong(Row::most).sum();
    }
}
