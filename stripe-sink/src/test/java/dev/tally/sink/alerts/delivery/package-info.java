/** Tests of alert delivery against a real broker, HTTP server and SMTP server. */
@NullMarked
package dev.tally.sink.alerts.delivery;

import org.jspecify.annotations.NullMarked;
