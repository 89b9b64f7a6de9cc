package dev.tally.schemas.serde;

import java.io.EOFException;
import java.io.IOException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.SerializationException;

/**
 * Tells what an exception of a serde that is not ours means. Confluent's wraps everything into SerializationException: its
 * RestClientException ("...; error code: 40403") for answers of the registry, IOException for one that cannot be reached, and
 * others for bad bytes. No class of theirs is named in code, so that none is needed to compile.
 */
final class ForeignFaults {

    private ForeignFaults() {}

    static KafkaException translate(int id, SerializationException e) {
        if (e instanceof RefusedRecordException refused) {
            return refused;
        }
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            String type = cause.getClass().getSimpleName();
            String message = String.valueOf(cause.getMessage());
            if (type.equals("RestClientException")) {
                return message.contains("error code: 404")
                        ? new RefusedRecordException(
                                RefusalReason.UNKNOWN_SCHEMA, "schema id " + id + " is not known to the registry", e)
                        : new RegistryUnavailableException("schema registry: " + message, e);
            }
            if (cause instanceof EOFException) {
                break;
            }
            if (cause instanceof IOException) {
                return new RegistryUnavailableException("schema registry cannot be reached: " + message, e);
            }
        }
        return new RefusedRecordException(RefusalReason.UNDECODABLE, String.valueOf(e.getMessage()), e);
    }
}
