/** Tests of seats on a real broker, with a fake Stripe. */
@NullMarked
package dev.tally.sink.seats;

import org.jspecify.annotations.NullMarked;
