/** Pure comparison of what the ledger says Stripe took with what Stripe's sums say. */
@NullMarked
package dev.tally.sink.comparison;

import org.jspecify.annotations.NullMarked;
