package dev.tally.sink.delivery;

/**
 * The topics of the delivery.
 *
 * @param facts billable facts, key payer
 * @param ledger state of each fact, key identifier, same partition number as the fact
 * @param deadLetters facts that were not sent, key payer
 * @param requests what is to be done about single facts, same partition number as the fact
 */
public record DeliveryTopics(String facts, String ledger, String deadLetters, String requests) {}
