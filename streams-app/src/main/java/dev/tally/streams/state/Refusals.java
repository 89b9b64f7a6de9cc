package dev.tally.streams.state;

import dev.tally.schemas.serde.RefusalReason;
import dev.tally.streams.metering.DeadLetterReason;

/** From the wire format's reasons to those of dead letters. */
public final class Refusals {

    private Refusals() {}

    /** The dead-letter reason of bytes that could not be read. */
    public static DeadLetterReason reason(RefusalReason reason) {
        return switch (reason) {
            case NULL_VALUE -> DeadLetterReason.NULL_VALUE;
            case UNDECODABLE -> DeadLetterReason.UNDECODABLE;
            case UNKNOWN_SCHEMA -> DeadLetterReason.UNKNOWN_SCHEMA;
            case MISSING_FIELD -> DeadLetterReason.MISSING_FIELD;
            case UNSUPPORTED -> DeadLetterReason.UNSUPPORTED;
        };
    }
}
