/** Tests of the real client against a server on this machine that is no Stripe. */
@NullMarked
package dev.tally.sink.comparison;

import org.jspecify.annotations.NullMarked;
