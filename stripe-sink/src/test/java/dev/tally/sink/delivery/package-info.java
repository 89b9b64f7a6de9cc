/** Tests of the delivery against a real broker and a fake Stripe. */
@NullMarked
package dev.tally.sink.delivery;

import org.jspecify.annotations.NullMarked;
