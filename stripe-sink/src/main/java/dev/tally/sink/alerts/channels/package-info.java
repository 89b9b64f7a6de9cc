/** The channels over which people are told of alerts: webhooks over HTTP, and mail over SMTP. */
@NullMarked
package dev.tally.sink.alerts.channels;

import org.jspecify.annotations.NullMarked;
