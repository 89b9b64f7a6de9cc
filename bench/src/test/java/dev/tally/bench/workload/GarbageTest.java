package dev.tally.bench.workload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.schemas.serde.RefusedRecordException;
import dev.tally.schemas.testing.RegistryFake;
import dev.tally.streams.metering.DeadLetterReason;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class GarbageTest {

    private static final int POSITIONS = 100_000;
    private static final BenchAction ACTION = new Workload(
                    new WorkloadSpec(7, 10, 5, 5, Instant.parse("2026-11-21T08:00:00Z"), Duration.ofDays(2)))
            .record(3);

    private RegistryFake registry;

    @BeforeEach
    void start() {
        registry = RegistryFake.start();
    }

    @AfterEach
    void stop() {
        registry.close();
    }

    @Test
    void shouldSpreadEveryReasonOverTheShareThatIsAskedFor() {
        // When
        Map<String, Long> reasons = new Garbage(42, 50).reasons(POSITIONS);

        // Then
        long all = reasons.values().stream().mapToLong(Long::longValue).sum();
        assertThat((double) all / POSITIONS).isCloseTo(0.5, within(0.01));
        assertThat(reasons.keySet())
                .containsExactlyInAnyOrderElementsOf(Arrays.stream(Garbage.Kind.values())
                        .map(Garbage.Kind::reason)
                        .distinct()
                        .toList());
    }

    @Test
    void shouldNotSpoilAnythingUnasked() {
        // When, Then
        assertThat(new Garbage(42, 0).reasons(POSITIONS)).isEmpty();
        assertThat(new Garbage(42, 0).at(5)).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void shouldNameReasonsOfTheContract(Garbage.Kind kind) {
        // When, Then
        assertThat(Arrays.stream(DeadLetterReason.values()).map(DeadLetterReason::code))
                .contains(kind.reason());
    }

    @ParameterizedTest
    @EnumSource
    void shouldSpoilTheBytesWhereTheReasonLiesInThem(Garbage.Kind kind) {
        // Given
        try (RecordSerde<ActionEvent> serde =
                RecordSerde.forValues(ActionEvent.class, Map.of("schema.registry.url", registry.url()))) {
            int id = registry.register(
                    "actions-value", ActionEvent.getClassSchema().toString());
            GarbageEncoder encoder = new GarbageEncoder(id, schema -> registry.register("actions-value", schema));

            // When
            Optional<String> refused = refusal(serde, encoder.encode(kind, ACTION));

            // Then
            Optional<String> inBytes = switch (kind) {
                case TEXT, TRUNCATED, NULL_USER, NO_USER, NO_VALUE, UNKNOWN_SCHEMA -> Optional.of(kind.reason());
                case INVALID_ID, FUTURE, NEGATIVE -> Optional.empty();
            };
            assertThat(refused).isEqualTo(inBytes);
        }
    }

    private static Optional<String> refusal(RecordSerde<ActionEvent> serde, byte @Nullable [] value) {
        if (value == null) {
            return Optional.of("null_value");
        }
        try {
            ActionEvent unused = serde.deserializer().deserialize("actions", new RecordHeaders(), value);
            return Optional.empty();
        } catch (RefusedRecordException e) {
            return Optional.of(e.reason().code());
        }
    }
}
