/** Publishing actions from NDJSON. */
@NullMarked
package dev.tally.cli.publish;

import org.jspecify.annotations.NullMarked;
