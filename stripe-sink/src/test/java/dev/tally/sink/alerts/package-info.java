/** Tests of the rules of alerts. */
@NullMarked
package dev.tally.sink.alerts;

import org.jspecify.annotations.NullMarked;
