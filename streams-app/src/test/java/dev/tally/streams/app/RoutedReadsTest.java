package dev.tally.streams.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.keys.Subject;
import dev.tally.schemas.topics.Topics;
import dev.tally.streams.query.Answer;
import dev.tally.streams.query.Conservation;
import dev.tally.streams.query.ForwardedReads.Outcome;
import dev.tally.streams.query.Usage;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.Admin;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;

/** Questions to an instance about what another one keeps. */
@Execution(ExecutionMode.CONCURRENT) // beside other classes, as it mostly waits
@ResourceLock("RoutedReadsTest")
class RoutedReadsTest {

    private static final int ACTIONS = 3_000;

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

    private static ServedInstance start(String name, Topics topics) {
        return new ServedInstance(tally.settings(name, topics, "routed", Map.of("num.standby.replicas", "1")));
    }

    @Test
    void shouldAnswerEveryKeyFromEveryInstance() throws Exception {
        // Given two instances, and actions of many users and orgs
        Topics topics = tally.newTopics("routed-");
        tally.publishDayLimit(topics, 1_000);
        ServedInstance first = start("routed-first", topics);
        ServedInstance second = start("routed-second", topics);
        TallyOnBroker.awaitRunning(first.app());
        TallyOnBroker.awaitRunning(second.app());
        Map<String, Long> expected = new TreeMap<>();
        tally.publish(topics, new Random(9), 0, ACTIONS, expected, i -> false);
        LocalDate day = LocalDate.ofInstant(Instant.now(), ZoneOffset.UTC);

        // When each is asked about all
        Awaitility.await().atMost(Duration.ofMinutes(1)).untilAsserted(() -> {
            for (ServedInstance instance : List.of(first, second)) {
                assertThat(used(instance, expected.keySet(), day)).isEqualTo(expected);
                assertThat(TallyOnBroker.sum(instance.app(), Conservation::counted))
                        .isEqualTo(ACTIONS);
                assertThat(TallyOnBroker.areAllLimited(instance.app())).isTrue();
            }
        });

        // Then each had to ask the other, and a question about either's state is answered by that one alone
        assertThat(forwarded(first, Outcome.OWNER)).isPositive();
        assertThat(forwarded(second, Outcome.OWNER)).isPositive();
        for (int user = 0; user < 10; user++) {
            assertThat(List.of(internal(first, "u" + user), internal(second, "u" + user)))
                    .containsExactlyInAnyOrder("FOUND", "NOT_READY");
        }

        // Then each is found at an address of its own
        try (Admin admin = tally.admin()) {
            Awaitility.await()
                    .atMost(Duration.ofMinutes(1))
                    .until(() -> InstanceAddresses.unaddressed(
                                    admin, "routed", first.app().streams())
                            .equals(OptionalInt.of(0)));
        }

        // When one of them is gone
        first.stop();
        Set<String> kinds = new HashSet<>();
        Awaitility.await().atMost(Duration.ofMinutes(1)).until(() -> areAllCurrent(second, expected, day, kinds));

        // Then copies have answered until the other had taken over, with what they had
        assertThat(kinds).contains("standby");
        tally.publishOneEach(topics, expected);
        Awaitility.await()
                .atMost(Duration.ofMinutes(1))
                .untilAsserted(
                        () -> assertThat(used(second, expected.keySet(), day)).isEqualTo(expected));
        second.stop();
        assertThat(second.app().queries().limits(Subject.user("u1"))).isInstanceOf(Answer.NotReady.class);
    }

    /** Whether all is answered and up to date; what is not marked must be right meanwhile. */
    private static boolean areAllCurrent(
            ServedInstance instance, Map<String, Long> expected, LocalDate day, Set<String> kinds) {
        boolean current = true;
        for (Map.Entry<String, Long> entry : expected.entrySet()) {
            Subject subject = subject(entry.getKey());
            switch (instance.app().queries().usage(subject, "actions", day)) {
                case Answer.Found<Usage>(Usage usage, boolean stale) -> {
                    if (!stale) {
                        assertThat(usage.used()).as(entry.getKey()).isEqualTo(entry.getValue());
                    }
                    current &= !stale;
                }
                case Answer.FromStandby<Usage>(Usage usage, long lag) -> {
                    assertThat(usage.used()).as(entry.getKey()).isEqualTo(entry.getValue());
                    kinds.add("standby");
                    current = false;
                }
                case Answer.NotReady<Usage> ignored -> current = false;
                case Answer.Absent<Usage> absent -> throw new AssertionError(absent.toString());
                case Answer.OutOfRetention<Usage> old -> throw new AssertionError(old.toString());
            }
        }
        return current;
    }

    private static Map<String, Long> used(ServedInstance instance, Set<String> windows, LocalDate day) {
        Map<String, Long> used = new TreeMap<>();
        for (String window : windows) {
            if (instance.app().queries().usage(subject(window), "actions", day)
                    instanceof Answer.Found<Usage>(Usage usage, boolean stale)) {
                used.put(window, usage.used());
            }
        }
        return used;
    }

    private static Subject subject(String window) {
        return Subject.parse(window.substring(0, window.indexOf('/')));
    }

    private static long forwarded(ServedInstance instance, Outcome outcome) {
        return instance.app().answers().forwarded().of(outcome);
    }

    /** What kind of answer an instance gives to another about a user's account. */
    private static String internal(ServedInstance instance, String user) throws IOException, InterruptedException {
        try (HttpClient client = HttpClient.newHttpClient()) {
            HttpResponse<String> response = client.send(
                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + instance.port() + "/internal/v1/questions"))
                            .header("Content-Type", "application/json")
                            .POST(
                                    HttpRequest.BodyPublishers.ofString(
                                            "[{\"question\":{\"about\":\"limits\",\"subject\":\"user:" + user
                                                    + "\",\"at\":\"2026-11-21T00:00:00Z\",\"userToday\":{}},\"copies\":false}]"))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            List<String> kinds = new ArrayList<>();
            for (String kind : List.of("FOUND", "FROM_STANDBY", "NOT_READY", "ABSENT")) {
                if (response.body().contains("\"kind\":\"" + kind + "\"")) {
                    kinds.add(kind);
                }
            }
            return String.join(" ", kinds);
        }
    }
}
