/** Tests of the sink as a whole. */
@NullMarked
package dev.tally.sink;

import org.jspecify.annotations.NullMarked;
