/**
 * The data flow: {@link dev.tally.streams.topology.MeteringTopology} is the picture of it, the processors are thin shells around
 * {@code metering}.
 */
@NullMarked
package dev.tally.streams.topology;

import org.jspecify.annotations.NullMarked;
