/** The time that all processes of a stack go by: the machine's, or a test clock that scenarios move. */
@NullMarked
package dev.tally.clock;

import org.jspecify.annotations.NullMarked;
