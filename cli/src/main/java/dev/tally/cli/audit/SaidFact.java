package dev.tally.cli.audit;

import dev.tally.schemas.BillableFact;

/** A billable fact, and where it lies. */
public record SaidFact(BillableFact fact, Place place) {

    /** In words, such as {@code tally_0a1b of 12 (billable-usage-0@7)}. */
    String text() {
        return fact.getIdentifier() + " of " + fact.getAmount() + " (" + place + ")";
    }
}
