/** Settings of the processes: Kafka's ConfigDef fed from file, environment and command line, all problems at once. */
@NullMarked
package dev.tally.settings;

import org.jspecify.annotations.NullMarked;
