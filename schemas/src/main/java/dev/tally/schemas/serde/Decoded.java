package dev.tally.schemas.serde;

/** What came of reading a record's bytes. */
public sealed interface Decoded<T> {

    /** The record was read. */
    record Read<T>(T value) implements Decoded<T> {}

    /**
     * The record cannot be read, now or later.
     *
     * @param reason the class of fault
     * @param detail what exactly is wrong, for people; holds no payload
     */
    record Refused<T>(RefusalReason reason, String detail) implements Decoded<T> {}
}
