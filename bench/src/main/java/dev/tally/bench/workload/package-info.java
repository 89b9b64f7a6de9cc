/** The workload, a pure function of its seed, and the sums any correct program must find in it. */
@NullMarked
package dev.tally.bench.workload;

import org.jspecify.annotations.NullMarked;
