package dev.tally.sink.alerts.delivery;

import dev.tally.sink.alerts.AlertOutcome;

/**
 * An alert with its outcome at one address.
 *
 * @param catalogueOffset the newest subscription record of its subject when it was settled
 */
record SettledAlert(Waiting waiting, AlertOutcome outcome, long catalogueOffset) {}
