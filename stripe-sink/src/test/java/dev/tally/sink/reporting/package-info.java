/** Tests of the pure reporting rules. */
@NullMarked
package dev.tally.sink.reporting;

import org.jspecify.annotations.NullMarked;
