package dev.tally.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.streams.entitlements.Mutant;
import dev.tally.streams.entitlements.Sequence;
import dev.tally.streams.state.Engine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The comparison finds each of the mistakes that it is there to find. */
@Tag("slow")
@Execution(ExecutionMode.CONCURRENT)
class EntitlementMutantsTest {

    private static final int SEEDS = 4;
    private static final int STEPS = 2_400;

    private static final List<EntitlementRun> RUNS = new ArrayList<>();

    @BeforeAll
    static void run(@TempDir Path dir) throws IOException {
        RUNS.clear();
        for (int seed = 1; seed <= SEEDS; seed++) {
            Path stateDir = Files.createDirectory(dir.resolve("seed-" + seed));
            RUNS.add(EntitlementRun.of(Sequence.of(seed, STEPS), stateDir, Engine.FAST));
        }
    }

    @Test
    void shouldFindNothingWhereTheRulesAreUnderstood() {
        assertThat(RUNS.stream().flatMap(run -> run.difference(Mutant.NONE).stream()))
                .isEmpty();
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
    void shouldFindTheRuleThatIsMisunderstood(Mutant mutant) {
        assertThat(RUNS).anySatisfy(run -> assertThat(run.difference(mutant)).isNotEmpty());
    }
}
