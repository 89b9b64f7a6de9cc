package dev.tally.schemas.serde;

import org.apache.kafka.common.errors.SerializationException;
import org.jspecify.annotations.Nullable;

/** A record that cannot be read, as Kafka's deserializers have to say it; trying again does not help. */
public final class RefusedRecordException extends SerializationException {

    private static final long serialVersionUID = 1L;

    private final RefusalReason reason;

    RefusedRecordException(RefusalReason reason, String detail) {
        super(Refusal.bounded(detail));
        this.reason = reason;
    }

    RefusedRecordException(RefusalReason reason, String detail, @Nullable Throwable cause) {
        super(Refusal.bounded(detail), cause);
        this.reason = reason;
    }

    /** None: it says where Tally reads, not what is wrong with the record, and costs more than all the rest of a refusal. */
    @Override
    public synchronized Throwable fillInStackTrace() {
        return this;
    }

    public RefusalReason reason() {
        return reason;
    }

    /** What is wrong with the record, in at most 1 KB; holds no payload. */
    public String detail() {
        return String.valueOf(getMessage());
    }
}
