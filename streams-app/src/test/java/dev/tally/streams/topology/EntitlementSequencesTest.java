package dev.tally.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.streams.entitlements.Mutant;
import dev.tally.streams.entitlements.Sequence;
import dev.tally.streams.state.Engine;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The engine against the model: over 100,000 steps in all, and no difference. */
@Tag("slow")
@Execution(ExecutionMode.CONCURRENT)
class EntitlementSequencesTest {

    private static final int SEEDS = 13;
    private static final int STEPS = 2_400;

    @TempDir
    Path stateDir;

    static IntStream seeds() {
        return IntStream.rangeClosed(1, SEEDS);
    }

    @Test
    void shouldBeOfOver100000Steps() {
        assertThat(seeds().map(seed -> Sequence.of(seed, STEPS).size()).sum()).isGreaterThan(100_000);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void shouldSayWhatTheModelSays(int seed) {
        // Given
        Sequence sequence = Sequence.of(seed, STEPS);

        // When
        EntitlementRun run = EntitlementRun.of(sequence, stateDir, Engine.FAST);

        // Then
        assertThat(run.difference(Mutant.NONE)).isEmpty();
    }
}
