package dev.tally.sink.delivery;

import dev.tally.sink.reporting.Answer;
import dev.tally.sink.reporting.MinuteSum;
import dev.tally.sink.reporting.Outcome;

/** Hears what happens, for metrics; called from several threads and must return at once. */
public interface DeliveryListener {
    /** One attempt came to {@code answer}. */
    void attempted(Answer answer);

    /** Stripe was asked for its sum over the minute of a fact whose outcome was unknown for long. */
    void lookedUp(MinuteSum told);

    /** A fact's outcome was committed. */
    void settled(Outcome outcome);

    /** A fact that was settled before was read again. */
    void readAgain();

    /** A request to replay a fact came to {@code result}: {@code taken_up}, {@code resumed} or {@code refused}; one to confirm a fact to {@code confirmed}. */
    void requested(String result);

    /** A record was no readable fact; its dead letter was committed. */
    void unreadable(String reason);
}
