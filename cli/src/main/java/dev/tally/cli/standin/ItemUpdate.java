package dev.tally.cli.standin;

import java.time.Instant;

/**
 * A change of a subscription item's quantity.
 *
 * @param before the quantity until then
 * @param prorationDate from when on it is prorated, to the second
 * @param prorated whether prorations were asked for; else the quantity counts from the next period on
 */
record ItemUpdate(
        String item, long before, long quantity, Instant prorationDate, boolean prorated, Instant receivedAt) {}
