/**
 * The pure core: which actions count, how much, for whom, and what follows from it.
 *
 * <p>Nothing here knows Kafka, Avro, HTTP, a clock or a log; time is always an argument. Every function gives the same answer for the
 * same arguments, which is what lets a log be processed again with the same result.
 */
@NullMarked
package dev.tally.streams.metering;

import org.jspecify.annotations.NullMarked;
