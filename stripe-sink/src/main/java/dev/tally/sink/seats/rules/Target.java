package dev.tally.sink.seats.rules;

/** Where the seats of an org are to be told, by its subscription. */
public sealed interface Target {
    /** Nowhere: no subscription names an item. */
    record NoItem() implements Target {}

    /** Nowhere any more: the subscription is canceled. */
    record Canceled() implements Target {}

    /** The subscription item whose quantity follows. */
    record Item(String id) implements Target {}
}
