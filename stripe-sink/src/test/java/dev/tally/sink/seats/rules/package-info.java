/** Tests of the rules of seats. */
@NullMarked
package dev.tally.sink.seats.rules;

import org.jspecify.annotations.NullMarked;
