/** The port to Stripe's meter events and its real client over stripe-java. */
@NullMarked
package dev.tally.sink.stripe;

import org.jspecify.annotations.NullMarked;
