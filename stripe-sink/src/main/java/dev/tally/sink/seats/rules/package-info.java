/** What follows from seat changes, from what a subscription says, and from Stripe's answers: no Kafka, no clock, no calls. */
@NullMarked
package dev.tally.sink.seats.rules;

import org.jspecify.annotations.NullMarked;
