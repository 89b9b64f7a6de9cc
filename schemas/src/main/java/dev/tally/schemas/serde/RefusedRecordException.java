package dev.tally.schemas.serde;

import org.apache.kafka.common.errors.SerializationException;

/** A record that cannot be read, as Kafka's deserializers have to say it; trying again does not help. */
public final class RefusedRecordException extends SerializationException {

    private static final long serialVersionUID = 1L;

    private final RefusalReason reason;

    RefusedRecordException(RefusalReason reason, String detail) {
        super(detail);
        this.reason = reason;
    }

    RefusedRecordException(RefusalReason reason, String detail, Throwable cause) {
        super(detail, cause);
        this.reason = reason;
    }

    public RefusalReason reason() {
        return reason;
    }

    /** What is wrong with the record; holds no payload. */
    public String detail() {
        return String.valueOf(getMessage());
    }
}
