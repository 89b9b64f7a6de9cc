package dev.tally.schemas.serde;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import org.apache.kafka.common.errors.SerializationException;
import org.junit.jupiter.api.Test;

/** Exceptions as Confluent's serde was seen to throw them, told apart without its classes. */
final class ForeignFaultsTest {

    @Test
    void shouldTellUnknownIdsFromARegistryThatIsAwayOrIllAndFromBadBytes() {
        assertThat(translated(new RestClientException("Schema 9 not found; error code: 40403")))
                .isInstanceOfSatisfying(
                        RefusedRecordException.class,
                        e -> assertThat(e.reason()).isEqualTo(RefusalReason.UNKNOWN_SCHEMA));
        assertThat(translated(new RestClientException("Unauthorized; error code: 401")))
                .isInstanceOf(RegistryUnavailableException.class);
        assertThat(translated(new RestClientException("Error; error code: 50001")))
                .isInstanceOf(RegistryUnavailableException.class);
        assertThat(translated(new ConnectException("refused"))).isInstanceOf(RegistryUnavailableException.class);
        assertThat(translated(new EOFException()))
                .isInstanceOfSatisfying(
                        RefusedRecordException.class,
                        e -> assertThat(e.reason()).isEqualTo(RefusalReason.UNDECODABLE));
        assertThat(translated(new IllegalStateException("odd"))).isInstanceOf(RefusedRecordException.class);
    }

    private static RuntimeException translated(Exception cause) {
        return ForeignFaults.translate(9, new SerializationException("Error deserializing Avro message", cause));
    }

    /** Named as Confluent's, whose simple name is what counts. */
    private static final class RestClientException extends IOException {
        RestClientException(String message) {
            super(message);
        }
    }
}
