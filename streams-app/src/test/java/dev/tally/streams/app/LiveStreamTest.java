package dev.tally.streams.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.schemas.topics.Topics;
import dev.tally.streams.http.EventStream;
import dev.tally.streams.http.EventStream.Event;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;

/** From a real broker to a listener: actions and limits show on streams that are open, on any instance. */
@Execution(ExecutionMode.CONCURRENT) // beside other classes, as it mostly waits; its lock keeps its own tests in turn
@ResourceLock("LiveStreamTest")
class LiveStreamTest {

    private static final int USERS = 6;
    private static final long ACTIONS = 10;

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

    /** One subject, followed at an instance wherever it is kept. */
    private static final class Listener implements AutoCloseable {
        private final String path;
        private EventStream stream;
        private String lastId = "";
        private long used;

        Listener(int port, String path) {
            this.path = path;
            Awaitility.await().atMost(Duration.ofMinutes(1)).until(() -> {
                try (EventStream usage = new EventStream(port, path)) {
                    return usage.response().statusCode() == 200;
                }
            });
            stream = new EventStream(port, path + "/stream");
        }

        /** Reads until the use is told; none before may be less than the one before that. */
        Event await(long expected) {
            while (true) {
                Event event = stream.next();
                if (isUsage(event, expected) && used == expected) {
                    return event;
                }
            }
        }

        /** Reads until more is told. */
        void awaitMoreThan(long less, long atMost) {
            while (used <= less) {
                isUsage(stream.next(), atMost);
            }
        }

        /** Reads what is told until the stream is cut off, which has to come. */
        void awaitTheEnd(long atMost) {
            for (Optional<Event> event = stream.nextUntilEnd(); event.isPresent(); event = stream.nextUntilEnd()) {
                isUsage(event.get(), atMost);
            }
        }

        private boolean isUsage(Event event, long atMost) {
            if (!event.name().equals("usage")) {
                return false;
            }
            long now = Long.parseLong(event.data().replaceAll(".*\"used\":(\\d+),.*", "$1"));
            assertThat(now).as(path).isBetween(used, atMost);
            used = now;
            lastId = event.id();
            return true;
        }

        /** Goes on at another instance from where it was. */
        void resumeAt(int port) {
            Awaitility.await().atMost(Duration.ofMinutes(1)).until(() -> {
                stream.close();
                stream = new EventStream(port, path + "/stream", "Last-Event-ID", lastId);
                return stream.response().statusCode() == 200;
            });
        }

        @Override
        public void close() {
            stream.close();
        }
    }

    @Test
    @Timeout(120)
    void shouldTellOfActionsAndLimitsWhereverTheyAreKept() {
        // Given
        Topics topics = tally.newTopics("live-");
        ServedInstance first = new ServedInstance(tally.settings("live-first", topics, "live", Map.of()));
        ServedInstance second = new ServedInstance(tally.settings("live-second", topics, "live", Map.of()));
        TallyOnBroker.awaitRunning(first.app());
        TallyOnBroker.awaitRunning(second.app());
        List<Listener> users = listeners(first.port());
        Listener org = new Listener(first.port(), "/v1/orgs/o1/usage");
        users.forEach(user -> user.await(0));

        // When
        publish(topics, "a");

        // Then
        users.forEach(user -> user.await(ACTIONS));
        org.await(USERS * ACTIONS);
        tally.publishDayLimit(topics, 2 * ACTIONS);
        for (Listener user : users) {
            Event event = user.await(ACTIONS);
            while (!event.data().contains("\"limit\":" + 2 * ACTIONS + ",")) {
                event = user.await(ACTIONS);
            }
        }

        // When the other instance goes and its partitions come here
        second.stop();
        publish(topics, "b");

        // Then
        users.forEach(user -> assertThat(user.await(2 * ACTIONS).data()).contains("\"state\":\"REACHED\""));
        org.await(2 * USERS * ACTIONS);
        users.forEach(Listener::close);
        org.close();
        first.stop();
    }

    @Test
    @Timeout(120)
    void shouldGoOnWhereOneOfTwoInstancesIsKilled() throws Exception {
        // Given two instances, one in a process of its own, each with partitions, and streams of all users at each
        Topics topics = tally.newTopics("killed-");
        Map<String, String> settings = Map.of(
                // What it leaves open is in the way of who reads on, until brokers abort it.
                "kafka.producer.transaction.timeout.ms", "4000");
        ChildProcess dying = ChildProcess.start(
                ServedInstance.class,
                stateDirs.resolve("killed-tmp"),
                List.of(),
                tally.settings("killed-second", topics, "killed", settings));
        try {
            ServedInstance first = new ServedInstance(tally.settings("killed-first", topics, "killed", settings));
            int port = portOf(dying);
            Awaitility.await().atMost(Duration.ofMinutes(1)).until(() -> isWorkShared(first));
            List<Listener> here = listeners(first.port());
            List<Listener> there = listeners(port);
            publish(topics, "a");
            here.forEach(user -> user.await(ACTIONS));
            there.forEach(user -> user.await(ACTIONS));

            // When it is killed while it counts
            publish(topics, "b");
            there.getFirst().awaitMoreThan(ACTIONS, 2 * ACTIONS);
            dying.kill();
            publish(topics, "c");

            // Then those who listened there go on at the other from where they were, and those who listened here just
            // go on
            there.forEach(user -> user.awaitTheEnd(2 * ACTIONS));
            there.forEach(user -> user.resumeAt(first.port()));
            here.forEach(user -> user.await(3 * ACTIONS));
            there.forEach(user -> user.await(3 * ACTIONS));
            here.forEach(Listener::close);
            there.forEach(Listener::close);
            first.stop();
        } finally {
            dying.kill();
        }
    }

    private static int portOf(ChildProcess served) {
        Pattern port = Pattern.compile(ServedInstance.LISTENS_AT + "(\\d+)\\.");
        return Awaitility.await()
                .atMost(Duration.ofMinutes(1))
                .until(() -> port.matcher(served.says()).results().findFirst(), Optional::isPresent)
                .map(found -> Integer.parseInt(found.group(1)))
                .orElseThrow();
    }

    private static boolean isWorkShared(ServedInstance instance) {
        return instance.app().streams().metadataForAllStreamsClients().stream()
                        .filter(each -> !each.topicPartitions().isEmpty())
                        .count()
                == 2;
    }

    private static List<Listener> listeners(int port) {
        return IntStream.range(0, USERS)
                .mapToObj(user -> new Listener(port, "/v1/users/u" + user + "/usage"))
                .toList();
    }

    private static void publish(Topics topics, String ids) {
        for (int i = 0; i < USERS * ACTIONS; i++) {
            tally.publish(
                    topics,
                    i % TallyOnBroker.PARTITIONS,
                    TallyOnBroker.action(ids + i, "u" + i % USERS, "o1", Instant.now()));
        }
        tally.flush();
    }
}
