/** Questions that are answered from single partitions of topics: read when somebody asks, on any instance. */
@NullMarked
package dev.tally.streams.log;

import org.jspecify.annotations.NullMarked;
