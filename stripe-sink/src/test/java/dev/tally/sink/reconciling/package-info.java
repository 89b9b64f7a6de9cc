/** Tests of the real client against a server on this machine that is no Stripe. */
@NullMarked
package dev.tally.sink.reconciling;

import org.jspecify.annotations.NullMarked;
