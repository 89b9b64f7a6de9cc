/** Subjects, record keys and partitions: pure functions of text and bytes that every process must agree on. */
@NullMarked
package dev.tally.keys;

import org.jspecify.annotations.NullMarked;
