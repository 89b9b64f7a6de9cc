/** What callers ask the topology to do: each becomes a record, and is answered when what came of it is known. */
@NullMarked
package dev.tally.streams.requests;

import org.jspecify.annotations.NullMarked;
