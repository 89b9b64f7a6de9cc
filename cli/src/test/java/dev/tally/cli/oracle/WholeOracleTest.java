package dev.tally.cli.oracle;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.tally.streams.state.CrashPoint;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/**
 * Whatever happens to streams-app, to the sink and to Stripe at the same time, Stripe's sums are what the actions were that somebody
 * published. {@code -Doracle.seeds=N} runs so many seeds, and from {@value #MANY} on asks that every crash point was hit often enough;
 * {@code -Doracle.first=N} begins with another than 0; {@code -Doracle.seed=N} runs one.
 */
@Tag("whole")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class WholeOracleTest {
    /** With more, two cores are so busy that instances are taken for gone while they start. */
    private static final int AT_ONCE = Integer.getInteger("oracle.atOnce", 4);

    private static final int FEW = 6;
    private static final int MANY = 200;
    private static final int ENOUGH_HITS = 10;

    private static final List<Logger> QUIET = Stream.of("dev.tally", "org.apache.kafka", "kafka")
            .map(name -> (Logger) LoggerFactory.getLogger(name))
            .toList();

    @TempDir
    static Path directory;

    private Stage stage;

    @BeforeAll
    void start() throws Exception {
        if (!Boolean.getBoolean("oracle.loud")) {
            // Each killed instance says so at length.
            QUIET.forEach(logger -> logger.setLevel(Level.OFF));
        }
        // Else whoever waits meanwhile fails by what the threads of a dead instance die of.
        Awaitility.doNotCatchUncaughtExceptionsByDefault();
        stage = Stage.open(directory);
    }

    @AfterAll
    void stop() {
        QUIET.forEach(logger -> logger.setLevel(null));
        Awaitility.reset();
        stage.close();
    }

    @Test
    void shouldBillTheActionsWhateverHappens() throws Exception {
        Long only = Long.getLong("oracle.seed");
        long first = Long.getLong("oracle.first", 0);
        int count = Integer.getInteger("oracle.seeds", FEW);
        Happenings happenings = new Happenings();
        long began = System.nanoTime();
        List<String> problems = problems(
                only == null ? LongStream.range(first, first + count) : LongStream.of(only), false, happenings);
        System.out.printf("%sin %d s%n", happenings.table(), (System.nanoTime() - began) / 1_000_000_000L);
        assertThat(problems).isEmpty();
        assertThat(happenings.count("seed")).isPositive();
        if (only == null && count >= MANY) {
            assertThat(Stream.<Enum<?>>concat(Stream.of(CrashPoint.values()), Scenario.POINTS.stream()))
                    .allSatisfy(point -> assertThat(happenings.hits(point)).isGreaterThanOrEqualTo(ENOUGH_HITS));
        }
    }

    @Test
    void shouldNoticeASinkWithoutIdentifiers() throws Exception {
        assertThat(problems(LongStream.range(0, FEW / 2), true, new Happenings()))
                .anySatisfy(problem -> assertThat(problem).contains("sums by charge differ"));
    }

    private List<String> problems(LongStream seeds, boolean stripped, Happenings happenings) throws Exception {
        return Stage.play(seeds, AT_ONCE, seed -> new WholeScenario(stage, happenings, seed, stripped).run());
    }
}
