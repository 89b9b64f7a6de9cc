package dev.tally.sink.seats;

import dev.tally.keys.Subject;
import dev.tally.schemas.SeatChange;
import dev.tally.schemas.serde.Decoded;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.sink.seats.rules.Change;
import java.time.Instant;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Reads records as seat changes, and says why one is none. */
final class SeatChangeReader {
    private static final String INVALID_ID = "invalid_id";
    private static final String INVALID_VERSION = "invalid_version";
    private static final String NEGATIVE_AMOUNT = "negative_amount";

    /** Enough for any member's name; what is longer would swell the ledger. */
    private static final int LONGEST_CAUSE = 300;

    private final RecordSerde<SeatChange> serde;

    /** What a record is. */
    sealed interface Result {
        /** A change of an org's seats. */
        record Read(String org, Change change) implements Result {}

        /** None. */
        record Refused(String reason, String detail) implements Result {}
    }

    SeatChangeReader(RecordSerde<SeatChange> serde) {
        this.serde = serde;
    }

    /** Reads one record; throws RegistryUnavailableException where the registry does not answer. */
    Result read(ConsumerRecord<byte[], byte[]> record) {
        return switch (serde.decode(record.topic(), record.headers(), record.value())) {
            case Decoded.Refused<SeatChange>(var reason, String detail) -> new Result.Refused(reason.code(), detail);
            case Decoded.Read<SeatChange>(SeatChange change) -> checked(record, change);
        };
    }

    private static Result checked(ConsumerRecord<byte[], byte[]> record, SeatChange change) {
        if (!isOrg(change.getOrg())) {
            return new Result.Refused(INVALID_ID, "org is no subject org:<id>");
        }
        if (change.getVersion() < 1) {
            return new Result.Refused(INVALID_VERSION, "version " + change.getVersion() + " is less than 1");
        }
        if (change.getQuantity() < 0) {
            return new Result.Refused(NEGATIVE_AMOUNT, "quantity " + change.getQuantity() + " is negative");
        }
        return new Result.Read(
                change.getOrg(),
                new Change(
                        change.getVersion(),
                        change.getQuantity(),
                        change.getEffectiveAt(),
                        change.getCause()
                                .substring(
                                        0,
                                        Math.min(
                                                LONGEST_CAUSE, change.getCause().length())),
                        record.offset(),
                        Instant.ofEpochMilli(record.timestamp())));
    }

    private static boolean isOrg(String text) {
        try {
            return Subject.parse(text).kind() == Subject.Kind.ORG;
        } catch (IllegalArgumentException malformed) {
            return false;
        }
    }
}
