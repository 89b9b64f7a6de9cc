/** What a billing period costs, and what it will have cost at its end. Pure, as the rest of the core. */
@NullMarked
package dev.tally.streams.metering.money;

import org.jspecify.annotations.NullMarked;
