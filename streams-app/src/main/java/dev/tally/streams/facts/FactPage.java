package dev.tally.streams.facts;

import dev.tally.keys.Subject;
import dev.tally.schemas.BillableFact;
import dev.tally.schemas.LedgerEntry;
import dev.tally.streams.metering.Period;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Some of the facts that are charged in a billing period.
 *
 * @param next where to go on; null: there are no more by now. There may be fewer facts than asked for, or none, before there is no more: the
 *     time to look for them is limited
 */
public record FactPage(
        Subject payer,
        Period period,
        List<Delivered> facts,
        @Nullable Long next) {

    /**
     * A fact.
     *
     * @param entry the latest of its delivery in the ledger; null: stripe-sink has not taken it up yet
     */
    public record Delivered(BillableFact fact, @Nullable LedgerEntry entry) {}

    public FactPage {
        facts = List.copyOf(facts);
    }
}
