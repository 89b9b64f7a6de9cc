package dev.tally.streams.query;

/** By what an org's usage can be split. */
public enum Dimension {
    MEMBER,
    SPACE,
    MODEL,
    ACTION,
    TRIGGER
}
