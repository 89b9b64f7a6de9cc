package dev.tally.streams.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.schemas.topics.Topics;
import dev.tally.streams.http.EventStream;
import dev.tally.streams.http.EventStream.Event;
import dev.tally.streams.http.HttpApi;
import dev.tally.streams.http.Security;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
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

    /** An instance with its HTTP server. */
    private static final class Instance {
        private final AtomicReference<@Nullable MeteringApp> app = new AtomicReference<>();
        private final HttpApi http = new HttpApi(new HttpApi.Collaborators(
                () -> running().map(MeteringApp::queries),
                () -> running().map(MeteringApp::requests),
                () -> running().map(of -> of.answers().local()),
                () -> running().map(MeteringApp::changes),
                () -> running().map(MeteringApp::changesHere),
                100,
                Optional::empty,
                true,
                () -> true,
                Optional::empty,
                () -> "",
                "72h",
                Instant::now,
                Security.open(Instant::now)));

        Instance(String name, Topics topics) {
            http.start("127.0.0.1", 0);
            app.set(tally.start(name, topics, "live", Map.of("application.server", "127.0.0.1:" + http.port())));
        }

        private Optional<MeteringApp> running() {
            return Optional.ofNullable(app.get());
        }

        void stop() {
            http.close();
            running().orElseThrow().close();
        }
    }

    /** One subject, followed on the first instance wherever it is kept. */
    private static final class Listener {
        private final EventStream stream;
        private long used;

        Listener(Instance instance, String path) {
            Awaitility.await().atMost(Duration.ofMinutes(1)).until(() -> {
                try (EventStream usage = new EventStream(instance.http.port(), path)) {
                    return usage.response().statusCode() == 200;
                }
            });
            stream = new EventStream(instance.http.port(), path + "/stream");
        }

        /** Reads until the use is told; none before may be less than the one before that. */
        Event await(long expected) {
            while (true) {
                Event event = stream.next();
                if (event.name().equals("usage")) {
                    long now = Long.parseLong(event.data().replaceAll(".*\"used\":(\\d+),.*", "$1"));
                    assertThat(now).isBetween(used, expected);
                    used = now;
                    if (now == expected) {
                        return event;
                    }
                }
            }
        }
    }

    @Test
    @Timeout(120)
    void shouldTellOfActionsAndLimitsWhereverTheyAreKept() {
        // Given
        Topics topics = tally.newTopics("live-");
        Instance first = new Instance("live-first", topics);
        Instance second = new Instance("live-second", topics);
        TallyOnBroker.awaitRunning(running(first));
        TallyOnBroker.awaitRunning(running(second));
        List<Listener> users = IntStream.range(0, USERS)
                .mapToObj(user -> new Listener(first, "/v1/users/u" + user + "/usage"))
                .toList();
        Listener org = new Listener(first, "/v1/orgs/o1/usage");
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
        users.forEach(user -> user.stream.close());
        org.stream.close();
        first.stop();
    }

    private static MeteringApp running(Instance instance) {
        return instance.running().orElseThrow();
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
