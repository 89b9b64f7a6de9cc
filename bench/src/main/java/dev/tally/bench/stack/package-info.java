/** The processes of a run: a broker, a schema registry, children; and what they use. */
@NullMarked
package dev.tally.bench.stack;

import org.jspecify.annotations.NullMarked;
