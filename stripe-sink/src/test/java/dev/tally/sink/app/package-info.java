/** Tests of settings, health and metrics, and of the whole process in this JVM. */
@NullMarked
package dev.tally.sink.app;

import org.jspecify.annotations.NullMarked;
