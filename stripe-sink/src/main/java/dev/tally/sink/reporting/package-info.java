/** Pure rules of reporting a billable fact to Stripe: what to send, under which key, what an answer means, when to try again. */
@NullMarked
package dev.tally.sink.reporting;

import org.jspecify.annotations.NullMarked;
