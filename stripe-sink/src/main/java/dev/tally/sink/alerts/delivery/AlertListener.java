package dev.tally.sink.alerts.delivery;

import dev.tally.sink.alerts.AlertOutcome;
import dev.tally.sink.alerts.Channel;
import dev.tally.sink.alerts.Routing;

/** Hears what happens, for metrics; called from several threads and must return at once. */
public interface AlertListener {
    /** An attempt failed and is made again. */
    void retried(Channel channel, String reason);

    /** The outcome of an alert at one address was committed. */
    void settled(Channel channel, AlertOutcome outcome);

    /** An alert was not told to somebody, or to nobody; committed. */
    void skipped(Routing.Skip skip);

    /** An alert that was taken in before was read again. */
    void readAgain();

    /** A record was no readable alert; its dead letter was committed. */
    void unreadable(String reason);
}
