/** Answers about counts, limits and the catalogue, read from the state stores; typed, so that no answer is a silent zero. */
@NullMarked
package dev.tally.streams.query;

import org.jspecify.annotations.NullMarked;
