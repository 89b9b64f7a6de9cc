/** Start-up: settings, wiring in order, life cycle, health, metric names. */
@NullMarked
package dev.tally.streams.app;

import org.jspecify.annotations.NullMarked;
