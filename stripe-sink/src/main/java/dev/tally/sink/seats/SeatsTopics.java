package dev.tally.sink.seats;

/**
 * The topics of the seats.
 *
 * @param changes seat changes, key org
 * @param ledger state of each org, key org, same partition number as its changes
 * @param subscriptions which item an org has, key subject
 * @param deadLetters what was not sent, key org
 */
public record SeatsTopics(String changes, String ledger, String subscriptions, String deadLetters) {}
