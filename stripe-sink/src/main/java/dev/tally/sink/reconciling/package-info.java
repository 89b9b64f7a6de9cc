/** Reads facts, ledger and Stripe's sums, and compares them. */
@NullMarked
package dev.tally.sink.reconciling;

import org.jspecify.annotations.NullMarked;
