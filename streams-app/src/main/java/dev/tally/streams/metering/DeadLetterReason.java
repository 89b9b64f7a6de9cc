package dev.tally.streams.metering;

/** Why a record went to the dead-letter topic; {@link #code()} is the public name. */
public enum DeadLetterReason {
    NULL_VALUE(1),
    UNDECODABLE(2),
    UNKNOWN_SCHEMA(3),
    MISSING_FIELD(4),
    INVALID_ID(5),
    TIMESTAMP_IN_FUTURE(6),
    NEGATIVE_AMOUNT(7),
    AMOUNT_TOO_LARGE(8),
    UNSUPPORTED(9),
    /** A record of a catalogue topic that breaks a rule of the catalogue. */
    INVALID_CATALOGUE(10);

    private final int number;

    DeadLetterReason(int number) {
        this.number = number;
    }

    /** Stands for it in state stores; never changes. */
    public int number() {
        return number;
    }

    /** The text in the header {@code tally.reason} and in metrics. */
    public String code() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }
}
