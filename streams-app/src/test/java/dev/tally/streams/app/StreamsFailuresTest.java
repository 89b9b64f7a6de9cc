package dev.tally.streams.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.fail;

import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.serde.RegistryUnavailableException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.errors.StreamsException;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.junit.jupiter.api.Test;

class StreamsFailuresTest {

    private final List<Duration> pauses = new ArrayList<>();
    private final StreamsFailures failures =
            new StreamsFailures(InstantSource.fixed(Instant.parse("2026-11-21T10:00:00Z")), pauses::add);

    @Test
    void shouldReplaceThreadsWithGrowingPausesAndGiveUpInTheEnd() {
        // When
        List<StreamThreadExceptionResponse> responses = new ArrayList<>();
        for (int i = 0; i < 31; i++) {
            responses.add(failures.handle(new IllegalStateException("broken")));
        }

        // Then
        assertThat(responses.subList(0, 30)).containsOnly(StreamThreadExceptionResponse.REPLACE_THREAD);
        assertThat(responses.get(30)).isEqualTo(StreamThreadExceptionResponse.SHUTDOWN_CLIENT);
        assertThat(pauses).isSorted().startsWith(Duration.ofMillis(200)).endsWith(Duration.ofSeconds(10));
    }

    @Test
    void shouldStopAsAWholeWhileTheRegistryIsAway() {
        // Given a failure as a stream thread reports it
        StreamsException failure = new StreamsException("processing failed", registryAway());
        assertThat(failures.isRegistryAway()).isFalse();

        // When
        StreamThreadExceptionResponse response = failures.handle(failure);

        // Then
        assertThat(response).isEqualTo(StreamThreadExceptionResponse.SHUTDOWN_CLIENT);
        assertThat(failures.isRegistryAway()).isTrue();
        assertThat(pauses).isEmpty();
    }

    private static RegistryUnavailableException registryAway() {
        byte[] ofAnUnknownSchema = {0, 0, 0, 0, 9, 1};
        try (RecordSerdes serdes =
                new RecordSerdes(Map.of("schema.registry.url", "http://127.0.0.1:1", "max.retries", 0))) {
            RegistryUnavailableException away = catchThrowableOfType(
                    RegistryUnavailableException.class,
                    () -> serdes.of(ActionEvent.class).decode("actions", new RecordHeaders(), ofAnUnknownSchema));
            return away == null ? fail("a registry that nobody serves was reached") : away;
        }
    }
}
