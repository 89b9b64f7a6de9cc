/** The programs Tally is compared with. Each runs in a process of its own. */
@NullMarked
package dev.tally.bench.variant;

import org.jspecify.annotations.NullMarked;
