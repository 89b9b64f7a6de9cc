/** PURE rules of telling people about quota alerts: who is told, what is said, signed and retried, and which addresses are refused. */
@NullMarked
package dev.tally.sink.alerts;

import org.jspecify.annotations.NullMarked;
