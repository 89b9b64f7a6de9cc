/** A real broker and a fake Stripe for the tests of this module. */
@NullMarked
package dev.tally.sink.testing;

import org.jspecify.annotations.NullMarked;
