/** Whether Stripe's account fits what is to be sent there: asked again and again while the sink runs, holding facts back while it does not. */
@NullMarked
package dev.tally.sink.checks;

import org.jspecify.annotations.NullMarked;
