package dev.tally.cli.oracle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.cli.standin.StandInOptions;
import dev.tally.schemas.BillableFact;
import dev.tally.schemas.LedgerState;
import dev.tally.streams.state.Engine;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A week is billed; then the state of streams-app is given up and all its actions are read again, with the same and with other intervals
 * of billing. Stripe hears of nothing twice, whatever amounts the recount comes to in single intervals.
 */
@Tag("slow")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ResetAfterAWeekTest {
    private static final long SEED = 1;
    private static final int DAYS = 7;
    private static final int TIMES_A_DAY = 2;
    private static final int ACTIONS_AT_A_TIME = 120;
    private static final Duration INTERVAL = Duration.ofMinutes(15);
    private static final List<Duration> OTHERS = List.of(INTERVAL, Duration.ofHours(1), Duration.ofMinutes(5));

    @TempDir
    static Path directory;

    private Stage stage;

    @BeforeAll
    void start() throws Exception {
        stage = Stage.open(directory);
    }

    @AfterAll
    void stop() {
        stage.close();
    }

    @ParameterizedTest
    @EnumSource
    void shouldBillNothingAgain(Engine engine) throws Exception {
        // Given a week that is billed, with periods that ended in it, and usage that was late after them
        Usage usage = new Usage(SEED, WholeSystem.PARTITIONS);
        try (WholeSystem system = new WholeSystem(stage, setting(engine), usage, new Progress(), new Happenings())) {
            for (int i = 0; i < DAYS * TIMES_A_DAY; i++) {
                system.publish(usage.next(ACTIONS_AT_A_TIME, system.clock().instant()));
                assertThat(system.awaitDecided()).isEmpty();
                system.clock().jump(Duration.ofDays(1).dividedBy(TIMES_A_DAY));
            }
            assertThat(system.finish()).isEmpty();
            assertThat(system.verdict()).isEmpty();
            assertThat(system.clock().jumped()).isGreaterThan(Duration.ofDays(DAYS));

            for (Duration interval : OTHERS) {
                List<BillableFact> facts = system.facts();
                List<Verdict.Event> events = system.stripe().events();

                // When all of it is counted again, and then each payer acts once more
                system.reset(interval);
                Instant replayed = system.clock().instant();
                assertThat(system.finish()).isEmpty();

                // Then only what came after the replay is billed, and nothing is parked
                List<BillableFact> newFacts = without(system.facts(), facts);
                assertThat(newFacts)
                        .hasSize(usage.payers().size() * Usage.EVENT_NAMES.size())
                        .allSatisfy(fact -> assertThat(fact.getIntervalEnd()).isAfter(replayed));
                assertThat(identifiers(without(system.stripe().events(), events)))
                        .isSubsetOf(newFacts.stream()
                                .map(BillableFact::getIdentifier)
                                .collect(Collectors.toSet()))
                        .isNotEmpty();
                assertThat(system.stripe().events()).containsAll(events);
                assertThat(system.written().ledger()).noneMatch(entry -> entry.getState() == LedgerState.PARKED);
                assertThat(system.verdict()).isEmpty();
                System.out.printf(
                        "%s, %s: %d actions of %s, %d facts and %d events before, %d and %d after%n",
                        engine,
                        interval,
                        usage.outcomes().all(),
                        system.clock().jumped(),
                        facts.size(),
                        events.size(),
                        system.facts().size(),
                        system.stripe().events().size());
            }
        }
    }

    private WholeSystem.Setting setting(Engine engine) {
        String name = "week-" + engine;
        StandInOptions options = StandInOptions.of(
                        0, WholeSystem.folder(stage, name).resolve("stripe"))
                .withAccount(stage.account());
        return new WholeSystem.Setting(name, SEED, engine, INTERVAL, 2, 10_000, false, false, false, options);
    }

    private static <T> List<T> without(List<T> all, List<T> some) {
        List<T> rest = new ArrayList<>(all);
        rest.removeAll(some);
        return rest;
    }

    private static Set<String> identifiers(List<Verdict.Event> events) {
        return events.stream().map(Verdict.Event::identifier).collect(Collectors.toCollection(TreeSet::new));
    }
}
