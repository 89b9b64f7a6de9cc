package dev.tally.sink.delivery;

/** A fact that has come to its outcome, and the partition it came from. */
record Completion(PartitionWork source, Settled settled) {}
