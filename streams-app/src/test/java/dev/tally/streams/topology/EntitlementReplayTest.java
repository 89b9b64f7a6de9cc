package dev.tally.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.streams.entitlements.Sequence;
import dev.tally.streams.entitlements.Step;
import dev.tally.streams.state.Engine;
import dev.tally.streams.topology.LogReplay.Then;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The same subject log gives the same outputs, wherever commits fall and however often the process ends in between. */
@Tag("slow")
@Execution(ExecutionMode.CONCURRENT)
class EntitlementReplayTest {

    private static final Sequence SEQUENCE = Sequence.of(4_711, 1_800);

    @TempDir
    static Path dir;

    private static EntitlementRig rig;
    private static Outputs once;

    private record Outputs(Map<String, List<String>> said, Map<String, String> usage) {}

    @BeforeAll
    static void write() throws IOException {
        rig = new EntitlementRig(Files.createDirectory(dir.resolve("live")), Engine.FAST, SEQUENCE.start());
        for (Step step : SEQUENCE.steps()) {
            rig.take(step);
        }
        once = replay(
                "each",
                Engine.FAST,
                rig.log(),
                rig.log().stream().map(record -> Then.COMMIT).toList());
    }

    @AfterAll
    static void stop() {
        rig.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6})
    void shouldSayTheSameWithOtherCommitPoints(int seed) throws IOException {
        // Given commits after up to some hundred records, and restarts among them
        Random random = new Random(seed);
        int apart = 2 + random.nextInt(1 << (2 * seed - 1));
        List<Then> then = new ArrayList<>();
        for (int i = 0; i < rig.log().size(); i++) {
            then.add(random.nextInt(apart) > 0 ? Then.NOTHING : random.nextInt(8) > 0 ? Then.COMMIT : Then.RESTART);
        }

        // When
        Outputs again = replay("apart-" + seed, seed % 2 == 0 ? Engine.PORTABLE : Engine.FAST, rig.log(), then);

        // Then
        assertThat(again.said()).isEqualTo(once.said());
        assertThat(again.usage()).isEqualTo(once.usage());
    }

    @Test
    void shouldSayOfAPrefixTheBeginningOfWhatItSaysOfTheWhole() throws IOException {
        // Given
        List<TestRecord<byte[], byte[]>> prefix = rig.log().subList(0, rig.log().size() / 2);

        // When
        Outputs half = replay(
                "half",
                Engine.FAST,
                prefix,
                prefix.stream().map(record -> Then.NOTHING).toList());

        // Then
        half.said()
                .forEach((topic, said) -> assertThat(once.said().get(topic)).startsWith(said.toArray(new String[0])));
        assertThat(half.said().get("alerts")).isNotEmpty();
    }

    private static Outputs replay(String name, Engine engine, List<TestRecord<byte[], byte[]>> log, List<Then> then)
            throws IOException {
        Path stateDir = Files.createDirectory(dir.resolve(name));
        try (LogReplay replay = new LogReplay(rig.serdes(), stateDir, engine, SEQUENCE.start())) {
            replay.feed(log, then);
            return new Outputs(replay.said(), replay.usage());
        }
    }
}
