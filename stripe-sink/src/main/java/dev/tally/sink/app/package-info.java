/** The stripe-sink process: settings, wiring, health, metrics, and the order of start and stop. */
@NullMarked
package dev.tally.sink.app;

import org.jspecify.annotations.NullMarked;
