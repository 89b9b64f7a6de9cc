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
 * @param partitions number of partitions of {@code actions}
 * @param dedupMemory heap bytes for the ids of one partition
 * @param resets how many times the state was given up
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, and never changed
public record IntakeSettings(
        Duration latenessHorizon,
        Duration dedupHorizon,
        Duration historyRetention,
        Duration billingInterval,
        byte[] identityKey,
        int partitions,
        long dedupMemory,
        int resets) {}
