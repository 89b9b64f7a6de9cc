/** Runs of one variant: set up, timed, checked. */
@NullMarked
package dev.tally.bench.measure;

import org.jspecify.annotations.NullMarked;
