package dev.tally.sink.delivery;

/**
 * The topics of the delivery.
 *
 * @param facts billable facts, key payer
 * @param ledger state of each fact, key identifier, same partition number as the fact
 * @param deadLetters facts that were not sent, key payer
 */
public record DeliveryTopics(String facts, String ledger, String deadLetters) {}
