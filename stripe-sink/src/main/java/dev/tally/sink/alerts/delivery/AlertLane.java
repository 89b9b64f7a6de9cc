package dev.tally.sink.alerts.delivery;

import dev.tally.sink.alerts.Recipient;

/**
 * Alerts of one partition to one address are sent in the order of the log, one at a time, so that those of one subject never overtake each
 * other at an endpoint, and a broken endpoint holds up its own alerts alone.
 */
record AlertLane(AlertPartition partition, Recipient recipient) {}
