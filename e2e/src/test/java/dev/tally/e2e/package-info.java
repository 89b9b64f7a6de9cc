/** Whole-system tests: real broker, registry, apps and Stripe stand-in, each its own process, started as a user starts them. */
@NullMarked
package dev.tally.e2e;

import org.jspecify.annotations.NullMarked;
