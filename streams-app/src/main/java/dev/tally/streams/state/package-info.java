/** Layouts of the state stores: keys, versioned value codecs, and the hook that writes back what is summed on the heap. */
@NullMarked
package dev.tally.streams.state;

import org.jspecify.annotations.NullMarked;
