/** Facts from Kafka to Stripe and back into the ledger: order, pacing, repetition, dead letters, and when offsets are committed. */
@NullMarked
package dev.tally.sink.delivery;

import org.jspecify.annotations.NullMarked;
