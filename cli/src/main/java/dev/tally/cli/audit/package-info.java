/** The audit: counts recounted from the log by code that shares nothing with the topology. */
@NullMarked
package dev.tally.cli.audit;

import org.jspecify.annotations.NullMarked;
