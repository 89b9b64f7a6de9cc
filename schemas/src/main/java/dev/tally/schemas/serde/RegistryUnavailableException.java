package dev.tally.schemas.serde;

import org.apache.kafka.common.errors.RetriableException;

/**
 * The schema registry could not be asked: not reachable, an error of its own (5xx, 429), or it does not accept the credentials
 * (401, 403). Says nothing about the record at hand, which must be kept and tried again.
 */
public final class RegistryUnavailableException extends RetriableException {

    private static final long serialVersionUID = 1L;

    RegistryUnavailableException(String message) {
        super(message);
    }

    RegistryUnavailableException(String message, Throwable cause) {
        super(message, cause);
    }
}
