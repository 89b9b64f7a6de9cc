/** What an action used, in the units of its producer: plain values, for the wire and for the core alike. */
@NullMarked
package dev.tally.units;

import org.jspecify.annotations.NullMarked;
