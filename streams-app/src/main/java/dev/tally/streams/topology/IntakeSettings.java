package dev.tally.streams.topology;

import java.time.Duration;

/**
 * What the intake goes by.
 *
 * @param latenessHorizon how far behind stream time an action is still counted
 * @param dedupHorizon how long an id is remembered, at least the lateness horizon
 * @param historyRetention how long day windows are kept
 * @param billingInterval length of a billing interval, divides 24 h
 * @param identityKey key of the hash that stands for an action's identity
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, and never changed
public record IntakeSettings(
        Duration latenessHorizon,
        Duration dedupHorizon,
        Duration historyRetention,
        Duration billingInterval,
        byte[] identityKey) {

    /** How far behind stream time neither an id nor a day window has been forgotten. */
    Duration keeps() {
        return dedupHorizon.compareTo(historyRetention) < 0 ? dedupHorizon : historyRetention;
    }
}
