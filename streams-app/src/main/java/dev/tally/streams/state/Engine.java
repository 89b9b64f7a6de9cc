package dev.tally.streams.state;

/** When what was summed on the heap is written to the stores. */
public enum Engine {
    /** Once per commit, by a hook that is internal to Kafka Streams. */
    FAST,
    /** After each record and punctuation, by the public API alone: the same results, slower. */
    PORTABLE
}
