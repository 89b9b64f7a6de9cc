/**
 * The memory of accepted event ids: a log-structured set of 128-bit hashes with exact answers in bounded memory.
 *
 * <p>Ids are remembered in a table on the heap whose log are block rows, one or more per commit. A full table becomes a sorted run of
 * rows; runs of one generation (a span of stream time) are merged; a generation past the horizon is forgotten whole. In front of each run
 * stands a filter in memory, as fine as the memory allows: a coarse or missing one costs reads, never a wrong answer.
 */
@NullMarked
package dev.tally.streams.state.ids;

import org.jspecify.annotations.NullMarked;
