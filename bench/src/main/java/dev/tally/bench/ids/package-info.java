/** A memory of ids as a long-running Tally would have it, made without one. */
@NullMarked
package dev.tally.bench.ids;

import org.jspecify.annotations.NullMarked;
