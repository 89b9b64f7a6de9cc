/** The local stack of {@code tally up}: processes, their order and their supervision. */
@NullMarked
package dev.tally.cli.stack;

import org.jspecify.annotations.NullMarked;
