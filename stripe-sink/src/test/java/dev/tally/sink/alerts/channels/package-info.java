/** Tests of webhooks and mail against real servers. */
@NullMarked
package dev.tally.sink.alerts.channels;

import org.jspecify.annotations.NullMarked;
