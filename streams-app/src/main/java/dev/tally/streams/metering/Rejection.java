package dev.tally.streams.metering;

/**
 * A rule that a record breaks.
 *
 * @param reason the rule
 * @param detail what exactly was wrong, for a person to read
 */
public record Rejection(DeadLetterReason reason, String detail) {}
