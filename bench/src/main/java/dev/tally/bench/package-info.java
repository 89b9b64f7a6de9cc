/** {@code ./tally bench}: what the engine costs beside simpler programs on the same machine, with exact sums checked in every run. */
@NullMarked
package dev.tally.bench;

import org.jspecify.annotations.NullMarked;
