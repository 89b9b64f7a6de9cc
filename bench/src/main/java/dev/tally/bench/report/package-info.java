/** Figures, their medians, and how they are told: table, JSON, chart. */
@NullMarked
package dev.tally.bench.report;

import org.jspecify.annotations.NullMarked;
