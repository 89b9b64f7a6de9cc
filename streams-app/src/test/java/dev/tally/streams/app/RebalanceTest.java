package dev.tally.streams.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.keys.Subject;
import dev.tally.schemas.topics.Topics;
import dev.tally.streams.query.Answer;
import dev.tally.streams.query.Conservation;
import dev.tally.streams.state.CrashPoint;
import dev.tally.streams.state.Engine;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.admin.Admin;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the test driver cannot show: several partitions, real transactions, instances that come and go. */
@Execution(ExecutionMode.CONCURRENT) // beside other classes, as it mostly waits; its lock keeps its own tests in turn
@ResourceLock("RebalanceTest")
class RebalanceTest {

    private static final int ACTIONS = 12_000;

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

    @ParameterizedTest
    @EnumSource
    void shouldCountOnceWhileInstancesComeAndGo(Engine engine) {
        // Given a meter, and one instance
        String name = engine.name().toLowerCase(Locale.ROOT);
        Map<String, String> settings = Map.of("engine", name);
        Topics topics = tally.newTopics(name + "-");
        Map<String, Long> expected = new TreeMap<>();
        MeteringApp first = tally.start(name + "-first", topics, name, settings);
        TallyOnBroker.awaitRunning(first);

        // When actions come, half of them twice, and a second instance joins, and the first leaves
        Random random = new Random(7);
        tally.publish(topics, random, 0, ACTIONS / 3, expected, RebalanceTest::isOdd);
        MeteringApp second = tally.start(name + "-second", topics, name, settings);
        tally.publish(topics, random, ACTIONS / 3, 2 * ACTIONS / 3, expected, RebalanceTest::isOdd);
        TallyOnBroker.awaitRunning(second);
        awaitThatTheyAreKnownToShareAnAddress(name, second);
        first.close();
        tally.publish(topics, random, 2 * ACTIONS / 3, ACTIONS, expected, RebalanceTest::isOdd);

        // Then
        Awaitility.await()
                .atMost(Duration.ofMinutes(2))
                .pollInterval(Duration.ofMillis(500))
                .untilAsserted(() -> {
                    assertThat(TallyOnBroker.sum(second, Conservation::read)).isEqualTo(ACTIONS + ACTIONS / 2);
                    assertThat(TallyOnBroker.sum(second, Conservation::counted)).isEqualTo(ACTIONS);
                    assertThat(TallyOnBroker.sum(second, Conservation::duplicate))
                            .isEqualTo(ACTIONS / 2);
                    assertThat(tally.usage(topics)).isEqualTo(expected);
                });
        second.close();
        assertThat(second.queries().conservation()).isInstanceOf(Answer.NotReady.class);
        assertThat(second.queries().limits(Subject.user("u1"))).isInstanceOf(Answer.NotReady.class);
    }

    /** None was given one, and none serves HTTP. */
    private static void awaitThatTheyAreKnownToShareAnAddress(String applicationId, MeteringApp app) {
        try (Admin admin = tally.admin()) {
            Awaitility.await()
                    .atMost(Duration.ofMinutes(1))
                    .until(() -> InstanceAddresses.unaddressed(admin, applicationId, app.streams())
                            .equals(OptionalInt.of(1)));
        }
    }

    @Test
    void shouldCountABacklogThatWasThereBeforeTheFirstStart() {
        // Given a catalogue and actions, and no instance that ever ran
        Topics topics = tally.newTopics("backlog-");
        Map<String, Long> expected = new TreeMap<>();
        tally.publish(topics, new Random(8), 0, 3_000, expected, i -> false);

        // When
        MeteringApp app = tally.start("backlog", topics, "backlog");

        // Then
        Awaitility.await()
                .atMost(Duration.ofMinutes(1))
                .untilAsserted(() -> assertThat(tally.usage(topics)).isEqualTo(expected));
        app.close();
    }

    @Test
    void shouldKnowThatPartitionsAreQuietWhichWereLostAndCameBack() throws Exception {
        // Given an instance that has nothing to do
        Topics topics = tally.newTopics("quiet-");
        Map<String, String> settings =
                tally.settings("quiet", topics, "quiet", Map.of("kafka.main.consumer.max.poll.interval.ms", "3000"));
        AtomicBoolean stands = new AtomicBoolean();
        CountDownLatch awake = new CountDownLatch(1);
        MeteringApp app = TallyOnBroker.build(settings, point -> {
            if (point == CrashPoint.AFTER_DRAIN && stands.get()) {
                awaitUninterruptibly(awake);
            }
        });
        try (Admin admin = tally.admin();
                app) {
            TallyOnBroker.start(app, tally.client());
            Awaitility.await().atMost(Duration.ofMinutes(1)).until(() -> tally.areAllIdle(topics, Map.of()));

            // When its thread stands still until its group has gone on without it, and gets all its partitions back
            stands.set(true);
            Awaitility.await().atMost(Duration.ofMinutes(1)).until(() -> GroupMembers.count(admin, "quiet") == 0);
            Map<Integer, Long> before = tally.endsOfSubjectLog(topics);
            stands.set(false);
            awake.countDown();

            // Then it says of each that all its input is read, which no interval is closed without
            Awaitility.await().atMost(Duration.ofMinutes(1)).until(() -> tally.areAllIdle(topics, before));
        }
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static boolean isOdd(int number) {
        return number % 2 == 1;
    }
}
