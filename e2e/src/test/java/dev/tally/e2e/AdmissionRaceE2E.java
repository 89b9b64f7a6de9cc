package dev.tally.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.cli.CatalogueTopics;
import dev.tally.e2e.Callers.Ask;
import dev.tally.keys.Partitions;
import dev.tally.schemas.AdmissionDecision;
import dev.tally.schemas.AdmissionRequest;
import dev.tally.schemas.SeatChange;
import dev.tally.schemas.catalogue.CatalogueException;
import dev.tally.schemas.catalogue.CatalogueFile;
import dev.tally.schemas.serde.Decoded;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.topics.Topics;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.TopicPartition;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Many callers ask two instances at once for more than there is, and instances die or freeze meanwhile: what was answered is what the log
 * holds, each action once, and is what one decision after the other gives.
 */
class AdmissionRaceE2E {

    private static final long LIMIT = 1_000;

    /** Actions of one each. */
    private static final int COUNTED = 1_600;

    /** Actions of 1 to 7 credits each. */
    private static final int WEIGHED = 400;

    private static final int HALF_WAY = 400;

    /** As far as this, neither limit is reached. */
    private static final int BEFORE_LIMIT = 1_100;

    private static final int MEMBERS = 8;
    private static final String STRANGER = "stranger";
    private static final int PARTITIONS = 6;
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final String FIRST = "local";
    private static final String SECOND = "second";

    private static LocalStack stack;
    private static Wire wire;
    private static Process second;
    private static List<String> instances;

    @BeforeAll
    static void startTwoInstances() throws IOException {
        stack = new LocalStack("race", "--set", "kafka.main.consumer.session.timeout.ms=6000");
        stack.start();
        wire = new Wire(stack);
        int port = LocalStack.freePort();
        instances = List.of(stack.app(), "http://127.0.0.1:" + port);
        Path folder = Files.createDirectories(Tally.ROOT.resolve(
                "e2e/target/stacks/race-second-" + ProcessHandle.current().pid()));
        second = Tally.start(
                "dev.tally.streams.app.Main",
                folder,
                folder.resolve("streams-app.log"),
                List.of(
                        "bootstrap.servers=" + stack.bootstrapServers(),
                        "schema.registry.url=" + stack.registryUrl(),
                        "http.port=" + port,
                        "state.dir=" + folder.resolve("state"),
                        "kafka.group.instance.id=" + SECOND,
                        "kafka.main.consumer.session.timeout.ms=6000"));
    }

    @AfterAll
    static void stopBoth() throws InterruptedException {
        if (second != null) {
            second.destroy();
            if (!second.waitFor(40, TimeUnit.SECONDS)) {
                second.destroyForcibly().waitFor();
            }
        }
        if (stack != null) {
            stack.close();
        }
    }

    @Test
    void shouldAdmitExactlyTheLimit() {
        Race race = new Race("calm", Set.of(), Set.of());
        try (Callers callers = race.callers(COUNTED + WEIGHED)) {
            // When
            callers.start();

            // Then
            race.check(callers);
        }
    }

    @Test
    void shouldAdmitExactlyTheLimitWhenAnInstanceIsKilled() {
        // Given one limit on the instance that is killed, and one on the other
        awaitBothAtWork();
        Race race = new Race("killed", partitionsOf(FIRST), partitionsOf(SECOND));
        try (Callers callers = race.callers(COUNTED + WEIGHED)) {
            // When
            callers.start();
            Awaitility.await().pollInterval(Duration.ofMillis(5)).until(() -> callers.answered() >= HALF_WAY);
            stack.kill9("streams-app");

            // Then
            race.check(callers);
            assertThat(callers.retries()).isPositive();
        }
    }

    @Test
    void shouldAdmitExactlyTheLimitWhenAFrozenInstanceWakes() throws Exception {
        // Given both limits on the instance that freezes
        awaitBothAtWork();
        Race race = new Race("frozen", partitionsOf(SECOND), partitionsOf(SECOND));
        try (Callers callers = race.callers(BEFORE_LIMIT)) {
            // When it freezes in the midst of its work
            callers.start();
            Awaitility.await().pollInterval(Duration.ofMillis(5)).until(() -> callers.answered() >= HALF_WAY);
            Future<Map<String, List<String>>> again;
            signal(second, "STOP");
            try {
                // When the other takes over its work, and answers all who ask there
                Awaitility.await()
                        .atMost(PATIENCE)
                        .until(() -> partitionsOf(FIRST).size() == PARTITIONS);
                assertThat(partitionsOf(SECOND)).isEmpty();
                Awaitility.await().atMost(PATIENCE).until(() -> callers.atGate() == Callers.COUNT / 2);
                // When it is asked what was decided without it, and that is the first it hears
                int before = callers.asking();
                again = callers.beginToAskAgain(16);
                Awaitility.await().atMost(PATIENCE).until(() -> callers.asking() >= before + HALF_WAY / 16);
            } finally {
                // When it wakes, and its callers ask on, before the limits are reached
                signal(second, "CONT");
            }
            callers.openGate();

            // Then
            race.check(callers);
            assertThat(again.get()).isNotEmpty();
            race.checkSaid(again.get());
            assertThat(callers.retries()).isPositive();
        }
    }

    /** Two orgs with a pool of {@link #LIMIT} each, and more questions than that. */
    private static final class Race {

        private final String name;
        private final String counted;
        private final String weighed;
        private final List<Ask> asks = new ArrayList<>();
        private final Map<String, String> expected = new HashMap<>();

        /** @param countedOn partitions one of which holds the org whose actions are counted; any where there is none */
        Race(String name, Set<Integer> countedOn, Set<Integer> weighedOn) {
            this.name = name;
            counted = orgOn(name + "-counted-", countedOn);
            weighed = orgOn(name + "-weighed-", weighedOn);
            Random random = new Random(name.hashCode());
            for (int i = 0; i < COUNTED; i++) {
                asks.add(new Ask(counted, counted + "-" + i, "m" + i % MEMBERS, "actions", 1));
            }
            for (int i = 0; i < WEIGHED; i++) {
                asks.add(new Ask(weighed, weighed + "-" + i, "m" + i % MEMBERS, "credits", 1 + random.nextInt(7)));
            }
            Collections.shuffle(asks, random);
            putInForce(List.of(counted, weighed));
        }

        Callers callers(int gateAt) {
            return new Callers(instances, asks, gateAt);
        }

        void check(Callers callers) {
            long begun = System.nanoTime();
            Map<String, String> answers = callers.join();
            double joined = (System.nanoTime() - begun) / 1e9;
            // Whoever asks is answered before the commit.
            Awaitility.await()
                    .atMost(PATIENCE)
                    .until(() -> decisions(counted).size() + decisions(weighed).size() >= COUNTED + WEIGHED);
            Map<String, List<String>> again = callers.askAgain(8);
            long admittedActions = checked(counted, "actions");
            long admittedCredits = checked(weighed, "credits");
            assertThat(admittedActions).isEqualTo(LIMIT);
            assertThat(admittedCredits).isBetween(LIMIT - 6, LIMIT);
            assertThat(answers).isEqualTo(expected);
            checkSaid(again);
            System.out.printf(
                    "%s: %,d answers equal %,d decisions, %,d said again; admitted %,d actions and %,d credits; asked in vain %,d times; %.1f s%n",
                    name,
                    answers.size(),
                    expected.size(),
                    again.size(),
                    admittedActions,
                    admittedCredits,
                    callers.retries(),
                    joined);
        }

        /** What was said later is what was decided. */
        void checkSaid(Map<String, List<String>> again) {
            again.forEach((actionId, said) -> assertThat(said).as(actionId).containsOnly(expected.get(actionId)));
        }

        /** What the requests in the log of an org must give, compared with the decisions about them; the amount admitted. */
        private long checked(String org, String meter) {
            Map<String, String> decisions = new LinkedHashMap<>();
            long left = LIMIT;
            for (AdmissionRequest request : requests(org)) {
                long amount = request.getAmounts().getOrDefault(meter, 0L);
                if (!decisions.containsKey(request.getActionId())) {
                    decisions.put(request.getActionId(), amount <= left ? "ADMIT" : "REJECT");
                    left -= amount <= left ? amount : 0;
                }
            }
            assertThat(decisions(org))
                    .containsExactlyElementsOf(decisions.entrySet().stream()
                            .map(one -> one.getKey() + " " + one.getValue() + " "
                                    + (one.getValue().equals("ADMIT") ? null : "pool_empty"))
                            .toList());
            expected.putAll(decisions);
            return LIMIT - left;
        }
    }

    /** The decisions about an org's actions, in their order, without those that were published once more. */
    private static List<String> decisions(String org) {
        try (RecordSerdes serdes = wire.servers().serdes()) {
            var deserializer = serdes.of(AdmissionDecision.class).deserializer();
            return wire.records("admissions").stream()
                    .filter(record -> record.headers().lastHeader("tally.again") == null)
                    .map(record -> deserializer.deserialize("admissions", record.headers(), record.value()))
                    .filter(decision -> decision.getPayer().equals("org:" + org)
                            && !decision.getUserId().equals(STRANGER))
                    .map(decision -> decision.getActionId() + " " + decision.getDecision() + " " + decision.getReason())
                    .toList();
        }
    }

    /** The requests in the log of an org, in its order. */
    private static List<AdmissionRequest> requests(String org) {
        byte[] key = ("org:" + org).getBytes(StandardCharsets.UTF_8);
        List<AdmissionRequest> requests = new ArrayList<>();
        try (RecordSerdes serdes = wire.servers().serdes()) {
            var serde = serdes.anyOf(AdmissionRequest.class);
            wire.records("subject-log").stream()
                    .filter(record -> Arrays.equals(record.key(), key))
                    .forEach(record -> {
                        if (serde.decode("subject-log", record.headers(), record.value())
                                        instanceof Decoded.Read<SpecificRecord>(SpecificRecord read)
                                && read instanceof AdmissionRequest request
                                && !request.getUserId().equals(STRANGER)) {
                            requests.add(request);
                        }
                    });
        }
        return requests;
    }

    /** The first id that begins so and whose log is in one of some partitions; in any where there is none. */
    private static String orgOn(String prefix, Set<Integer> partitions) {
        return IntStream.range(0, 1_000)
                .mapToObj(i -> prefix + i)
                .filter(org -> partitions.isEmpty()
                        || partitions.contains(
                                Partitions.ofKey(("org:" + org).getBytes(StandardCharsets.UTF_8), PARTITIONS)))
                .findFirst()
                .orElseThrow();
    }

    /** Puts orgs on pools, and waits until both instances, and the log of each org, go by that. */
    private static void putInForce(List<String> orgs) {
        StringBuilder plans = new StringBuilder("plans:\n");
        StringBuilder subscriptions = new StringBuilder("subscriptions:\n");
        StringBuilder members = new StringBuilder("memberships:\n");
        for (String meter : List.of("actions", "credits")) {
            plans.append("""
                    - planId: race-%s
                      version: 1
                      payer: ORG
                      limits: [{scope: ORG, meter: %s, window: PERIOD, amount: null, beyond: REJECT, warnAt: []}]
                      allocations: [{meter: %s, base: %d}]
                    """.formatted(meter, meter, meter, LIMIT));
        }
        for (String org : orgs) {
            subscriptions.append("""
                    - subject: "org:%s"
                      anchor: 2026-01-01T00:00:00Z
                      phases: [{planId: race-%s, version: 1, effectiveFrom: 2026-01-01T00:00:00Z}]
                    """.formatted(org, org.contains("counted") ? "actions" : "credits"));
            for (int i = 0; i < MEMBERS; i++) {
                members.append("- {orgId: %s, userId: m%d, status: ACCEPTED, acceptedAt: 2026-01-01T00:00:00Z}\n"
                        .formatted(org, i));
            }
        }
        try (RecordSerdes serdes = wire.servers().serdes()) {
            CatalogueTopics topics = new CatalogueTopics(wire.servers(), serdes, new Topics("", 1, 1));
            topics.publish(topics.changes(
                    CatalogueFile.parse("" + plans + subscriptions + members, "race.yaml", topics.existing())));
        } catch (CatalogueException e) {
            throw new IllegalStateException(e.problems().toString(), e);
        }
        Awaitility.await()
                .atMost(PATIENCE)
                .ignoreExceptionsMatching(e -> e instanceof AssertionError)
                .untilAsserted(() -> {
                    Map<String, SeatChange> seats = wire.latest("seat-changes", SeatChange.class);
                    for (String org : orgs) {
                        assertThat(seats)
                                .hasEntrySatisfying(
                                        "org:" + org,
                                        seat -> assertThat(seat.getQuantity()).isEqualTo(MEMBERS));
                        for (String instance : instances) {
                            // Nothing is held for a stranger, so any number of such questions may be asked.
                            Ask ask = new Ask(org, "probe-" + System.nanoTime(), STRANGER, "actions", 1);
                            assertThat(wire.post(instance + "/v1/admissions", ask.body())
                                            .path("reason")
                                            .asText())
                                    .isEqualTo("not_a_member");
                        }
                    }
                });
    }

    /** Waits until both instances have payers, and nothing is moving. */
    private static void awaitBothAtWork() {
        Awaitility.await()
                .atMost(PATIENCE)
                .ignoreExceptionsMatching(e -> e instanceof AssertionError)
                .untilAsserted(() -> {
                    assertThat(group().groupState()).isEqualTo(GroupState.STABLE);
                    assertThat(partitionsOf(FIRST)).isNotEmpty().hasSizeLessThan(PARTITIONS);
                    assertThat(partitionsOf(SECOND))
                            .hasSize(PARTITIONS - partitionsOf(FIRST).size());
                    for (String instance : instances) {
                        wire.get(instance + "/health/ready");
                    }
                });
    }

    /** The partitions of the subject log that an instance has. */
    private static Set<Integer> partitionsOf(String instance) {
        return group().members().stream()
                .filter(member -> member.groupInstanceId().orElse("").startsWith(instance))
                .flatMap(member -> member.assignment().topicPartitions().stream())
                .filter(partition -> partition.topic().equals("subject-log"))
                .map(TopicPartition::partition)
                .collect(Collectors.toSet());
    }

    private static ConsumerGroupDescription group() {
        try (Admin admin = wire.servers().admin()) {
            return admin.describeConsumerGroups(List.of("tally"))
                    .all()
                    .get()
                    .values()
                    .iterator()
                    .next();
        } catch (ExecutionException e) {
            throw new AssertionError(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    private static void signal(Process process, String signal) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid()))
                        .start()
                        .waitFor())
                .isZero();
    }
}
