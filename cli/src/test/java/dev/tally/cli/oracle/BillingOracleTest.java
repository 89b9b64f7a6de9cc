package dev.tally.cli.oracle;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/**
 * Whatever happens, Stripe's sums are what was used: many seeds of load, crashes, rebalances, faults and outages, and a verdict that
 * knows the generator's own record only. {@code -Doracle.seed=N} runs one seed.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BillingOracleTest {
    private static final int AT_ONCE = 8;
    private static final int FEW = 12;
    private static final int MANY = 200;
    private static final int ENOUGH_HITS = 10;

    private static final List<Logger> QUIET = Stream.of(
                    "dev.tally.sink.delivery", "org.apache.kafka.clients", "kafka.server.ReplicaManager")
            .map(name -> (Logger) LoggerFactory.getLogger(name))
            .toList();

    @TempDir
    static Path directory;

    private Stage stage;

    @BeforeAll
    void start() throws Exception {
        // Each killed life says so at length.
        QUIET.forEach(logger -> logger.setLevel(Level.OFF));
        stage = Stage.open(directory);
    }

    @AfterAll
    void stop() {
        QUIET.forEach(logger -> logger.setLevel(null));
        stage.close();
    }

    @Test
    void shouldBillWhatWasUsedWhateverHappens() throws Exception {
        Long only = Long.getLong("oracle.seed");
        LongStream seeds = only == null ? LongStream.range(0, FEW) : LongStream.of(only);
        Happenings happenings = new Happenings();
        assertThat(problems(seeds, false, happenings)).isEmpty();
        assertThat(happenings.count("seed")).isPositive();
    }

    @Test
    void shouldNoticeASinkWithoutIdentifiers() throws Exception {
        // Stripe's own sums, not the identifiers, show it
        assertThat(problems(LongStream.range(0, FEW / 2), true, new Happenings()))
                .anySatisfy(problem -> assertThat(problem).contains("sums by charge differ"));
    }

    @Test
    @Tag("slow")
    void shouldBillWhatWasUsedInManySeeds() throws Exception {
        Happenings happenings = new Happenings();
        long began = System.nanoTime();
        List<String> problems = problems(LongStream.range(FEW, FEW + MANY), false, happenings);
        System.out.printf(
                "%s%d seeds in %d s%n", happenings.table(), MANY, (System.nanoTime() - began) / 1_000_000_000L);
        assertThat(problems).isEmpty();
        assertThat(Scenario.POINTS)
                .allSatisfy(point -> assertThat(happenings.hits(point)).isGreaterThanOrEqualTo(ENOUGH_HITS));
    }

    private List<String> problems(LongStream seeds, boolean stripped, Happenings happenings) throws Exception {
        return Stage.play(seeds, AT_ONCE, seed -> new Scenario(stage, happenings, seed, stripped).run());
    }
}
