/** Seat changes from Kafka to the quantities of Stripe's subscription items, and back into the ledger of seats. */
@NullMarked
package dev.tally.sink.seats;

import org.jspecify.annotations.NullMarked;
