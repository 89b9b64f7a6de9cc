package dev.tally.streams.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.schemas.topics.Topics;
import dev.tally.streams.query.Conservation;
import dev.tally.streams.state.CrashPoint;
import dev.tally.streams.state.Engine;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever point an instance dies at, everything is counted once, and every alert is raised once. */
@Tag("slow")
@Execution(ExecutionMode.CONCURRENT)
class CrashTest {

    private static final int ACTIONS = 1_200;
    private static final int MORE = 400;
    private static final long DAY_LIMIT = 30;

    /** Small steps, so that points are reached in the midst of the input; and a session no longer than it must be. */
    private static final Map<String, String> DYING = Map.of(
            "kafka.commit.interval.ms", "100",
            "kafka.main.consumer.max.poll.records", "50",
            "kafka.main.consumer.session.timeout.ms", "6000");

    @TempDir
    static Path stateDirs;

    private static TallyOnBroker tally;

    @BeforeAll
    static void startBroker() throws Exception {
        tally = new TallyOnBroker(stateDirs);
    }

    @AfterAll
    static void stopBroker() throws Exception {
        tally.stop();
    }

    static Stream<Arguments> points() {
        return Stream.of(Engine.values())
                .flatMap(engine -> Stream.of(CrashPoint.values()).map(point -> Arguments.of(engine, point)));
    }

    @ParameterizedTest
    @MethodSource("points")
    void shouldCountOnceWhereverAnInstanceDies(Engine engine, CrashPoint point) throws Exception {
        // Given a limit, and actions, half of them twice; where the catalogue is to change alone they come later
        String name = name(engine, point.name());
        Topics topics = tally.newTopics(name + ".");
        tally.publishDayLimit(topics, DAY_LIMIT);
        Map<String, Long> expected = new TreeMap<>();
        Random random = new Random(name.hashCode());
        boolean onlyCatalogue = point == CrashPoint.AFTER_CATALOGUE_CHANGE;
        if (!onlyCatalogue) {
            tally.publish(topics, random, 0, ACTIONS, expected, CrashTest::isOdd);
        }

        // When an instance dies, and another takes over its state, and more actions come
        if (point == CrashPoint.DURING_RESTORE) {
            // Late enough for something to be committed, which is then to be read back.
            runUntilItDies(name, topics, engine, CrashPoint.AFTER_DRAIN, perRecord(engine, 60, 3_000));
        }
        runUntilItDies(name, topics, engine, point, times(engine, point));
        tally.publish(topics, random, onlyCatalogue ? 0 : ACTIONS, ACTIONS + MORE, expected, CrashTest::isOdd);
        try (MeteringApp app = tally.start(name, topics, name, engine(engine))) {

            // Then
            assertCountedOnce(topics, app, expected);
        }
    }

    @ParameterizedTest
    @EnumSource
    void shouldCountOnceWhenAThreadFailsAndAnotherTakesOver(Engine engine) {
        // Given
        String name = name(engine, "thread");
        Topics topics = tally.newTopics(name + ".");
        tally.publishDayLimit(topics, DAY_LIMIT);
        Map<String, Long> expected = new TreeMap<>();
        tally.publish(topics, new Random(9), 0, ACTIONS, expected, CrashTest::isOdd);

        // When a thread fails with everything written back and nothing committed, and its tasks live on in this process
        AtomicInteger drains = new AtomicInteger();
        MeteringApp app = TallyOnBroker.build(tally.settings(name, topics, name, dying(engine)), point -> {
            if (point == CrashPoint.AFTER_DRAIN && drains.incrementAndGet() == times(engine, point)) {
                throw new IllegalStateException("a failure that is meant to be");
            }
        });
        try (app) {
            TallyOnBroker.start(app, tally.client());
            Awaitility.await()
                    .atMost(Duration.ofMinutes(1))
                    .until(() -> drains.get() > times(engine, CrashPoint.AFTER_DRAIN));
            tally.publish(topics, new Random(10), ACTIONS, ACTIONS + MORE, expected, CrashTest::isOdd);

            // Then
            assertCountedOnce(topics, app, expected);
        }
    }

    private static void assertCountedOnce(Topics topics, MeteringApp app, Map<String, Long> expected) {
        awaitCounted(topics, app, expected, ACTIONS + MORE);
        // An alert is raised by an action: every user has one after the limits are in force.
        Awaitility.await().atMost(Duration.ofMinutes(1)).until(() -> TallyOnBroker.areAllLimited(app));
        tally.publishOneEach(topics, expected);
        awaitCounted(topics, app, expected, ACTIONS + MORE + TallyOnBroker.USERS);
        assertThat(tally.alerts(topics)).isEqualTo(alertsOf(expected));
    }

    private static void awaitCounted(Topics topics, MeteringApp app, Map<String, Long> expected, long unique) {
        long twice = (ACTIONS + MORE) / 2;
        Awaitility.await()
                .atMost(Duration.ofMinutes(1))
                .pollInterval(Duration.ofMillis(500))
                .untilAsserted(() -> {
                    assertThat(TallyOnBroker.sum(app, Conservation::read)).isEqualTo(unique + twice);
                    assertThat(TallyOnBroker.sum(app, Conservation::counted)).isEqualTo(unique);
                    assertThat(TallyOnBroker.sum(app, Conservation::duplicate)).isEqualTo(twice);
                    assertThat(days(topics)).isEqualTo(expected);
                });
    }

    private static Map<String, Long> days(Topics topics) {
        Map<String, Long> days = tally.usage(topics);
        days.keySet().removeIf(window -> !window.contains("/DAY/"));
        return days;
    }

    /** What users have used decides which alerts there are: of each kind one at most. */
    private static List<String> alertsOf(Map<String, Long> usage) {
        List<String> alerts = new ArrayList<>();
        usage.forEach((window, used) -> {
            if (window.startsWith("user:")) {
                if (used * 100 >= DAY_LIMIT * 80) {
                    alerts.add(window + " WARNING");
                }
                if (used >= DAY_LIMIT) {
                    alerts.add(window + " REACHED");
                }
                if (used > DAY_LIMIT) {
                    alerts.add(window + " EXCEEDED");
                }
            }
        });
        alerts.sort(Comparator.naturalOrder());
        return alerts;
    }

    private static void runUntilItDies(String name, Topics topics, Engine engine, CrashPoint point, int times)
            throws IOException, InterruptedException {
        ChildProcess child = ChildProcess.start(
                DyingInstance.class,
                stateDirs.resolve(name + "-tmp"),
                List.of(point.name(), Integer.toString(times)),
                tally.settings(name, topics, name, dying(engine)));
        try {
            assertThat(child.process().waitFor(1, TimeUnit.MINUTES))
                    .as("%s dies", name)
                    .isTrue();
            assertThat(child.process().exitValue())
                    .as(() -> "exit code of " + name + "; it says: " + child.says())
                    .isEqualTo(DyingInstance.DIED);
        } finally {
            child.kill();
        }
    }

    /** How many times a point is passed before the end comes there: in the midst of the input. */
    private static int times(Engine engine, CrashPoint point) {
        return switch (point) {
            case BEFORE_DRAIN -> perRecord(engine, 10, 1_500);
            case BETWEEN_DRAINS -> perRecord(engine, 12, 3_500);
            case AFTER_DRAIN, DURING_CLOSE -> perRecord(engine, 12, 1_500);
            case AFTER_CATALOGUE_CHANGE -> 20;
            case DURING_RESTORE -> 1;
        };
    }

    private static int perRecord(Engine engine, int perCommit, int perRecord) {
        return switch (engine) {
            case FAST -> perCommit;
            case PORTABLE -> perRecord;
        };
    }

    private static Map<String, String> engine(Engine engine) {
        return Map.of("engine", engine.name().toLowerCase(Locale.ROOT));
    }

    private static Map<String, String> dying(Engine engine) {
        Map<String, String> settings = new TreeMap<>(DYING);
        settings.putAll(engine(engine));
        return settings;
    }

    private static String name(Engine engine, String what) {
        return (engine + "-" + what).toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static boolean isOdd(int number) {
        return number % 2 == 1;
    }
}
