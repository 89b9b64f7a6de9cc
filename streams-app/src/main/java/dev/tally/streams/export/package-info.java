/** What was counted, read from the topics again: the audit export. */
@NullMarked
package dev.tally.streams.export;

import org.jspecify.annotations.NullMarked;
