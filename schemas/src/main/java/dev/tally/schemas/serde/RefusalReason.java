package dev.tally.schemas.serde;

import java.util.Locale;

/** Why a record could not be read. */
public enum RefusalReason {
    /** The record has no value. */
    NULL_VALUE,
    /** The bytes are not a record in the wire format, or not of the expected type. */
    UNDECODABLE,
    /** The registry does not know the schema id. */
    UNKNOWN_SCHEMA,
    /** The writer's schema lacks a field that has no default. */
    MISSING_FIELD,
    /** Readable in principle, but not by Tally: other formats than a schema id as prefix and Avro. */
    UNSUPPORTED;

    /** The name in headers and metrics, e.g. {@code unknown_schema}. */
    public String code() {
        return name().toLowerCase(Locale.ROOT);
    }
}
