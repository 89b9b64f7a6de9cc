package dev.tally.sink.alerts;

import java.time.Instant;

/** Tells an address of an alert over one channel, once per call. */
@FunctionalInterface
public interface Sender {
    /**
     * Makes one attempt; returns within the channel's deadline, whatever the other side does.
     *
     * @param now the time of the attempt
     */
    Attempt send(Alert alert, String address, Instant now) throws InterruptedException;
}
