/** The billable facts of payers, with what became of them at Stripe, as the topics have them: read from the log, on any instance. */
@NullMarked
package dev.tally.streams.facts;

import org.jspecify.annotations.NullMarked;
