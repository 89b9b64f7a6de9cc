package dev.tally.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tally.cli.CatalogueTopics;
import dev.tally.cli.publish.ActionLines;
import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.UsageSnapshot;
import dev.tally.schemas.UsageWindow;
import dev.tally.schemas.catalogue.Catalogue;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.testing.SeededCatalogue;
import dev.tally.schemas.topics.Topics;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** A real trace of 13 years, under a seeded catalogue: counted and charged once however often and however it is published. */
class TraceE2E {

    private static final Path TRACE = Path.of(System.getProperty(
            "tally.trace",
            Tally.ROOT.resolve("../shared/data/actions-git.ndjson.gz").toString()));
    private static final Path EXPECTED = TRACE.resolveSibling("actions-git.expected.tsv.gz");
    private static final int ACTIONS = 99_515;
    private static final int READ_ONLY = 390;
    private static final int POOLED_ORGS = 50;
    private static final long SEED = 20_261_121;
    private static final int BAD = 1_000;
    private static final int EXPORTED = 20;
    /** Around all of it. */
    private static final LocalDate FIRST_DAY = LocalDate.parse("2010-01-01");

    private static final LocalDate LAST_DAY = LocalDate.parse("2026-12-31");
    /** The audit takes a catalogue record to be in force everywhere only after some seconds. */
    private static final Duration IN_FORCE_FOR_SURE = Duration.ofSeconds(12);

    private static final Pattern PERIODS =
            Pattern.compile("compared ([\\d,]+) billing periods of payers' meters: ([\\d,]+) with");

    @Test
    void shouldCountTheTraceOnceWhateverHappens() throws IOException {
        assumeThat(TRACE).as("the shared trace").exists();
        // Given
        Map<String, Long> expected = expected();
        try (LocalStack stack =
                new LocalStack("trace", "--set", "lateness.horizon=6000d", "--set", "history.retention=6100d")) {
            stack.start();
            System.out.println("up: ready in " + stack.readyIn() + " s");
            Wire wire = new Wire(stack);
            subscribePools(stack, wire);

            // When it is published
            publish(stack, TRACE, "murmur2");

            // Then
            assertCounts(wire, expected, 0, 0);
            assertHistory(stack, wire, expected);

            // When it is published again, half of it by a foreign partitioner, and bad records with it
            sendBad(wire);
            List<Path> halves = halves();
            publish(stack, halves.get(0), "murmur2");
            publish(stack, halves.get(1), "random");

            // Then
            assertCounts(wire, expected, ACTIONS, BAD);

            // When everything is stopped and started
            stack.stop();
            stack.start();
            System.out.println("second up: ready in " + stack.readyIn() + " s");

            // Then
            assertCounts(wire, expected, ACTIONS, BAD);

            // When the app is killed during a third publish
            try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
                CompletableFuture<Void> third =
                        CompletableFuture.runAsync(() -> publish(stack, TRACE, "murmur2"), executor);
                Awaitility.await()
                        .atMost(Duration.ofMinutes(1))
                        .pollInterval(Duration.ofMillis(50))
                        .until(() -> wire.conservation("read") > 2L * ACTIONS + BAD + 10_000);
                stack.kill9("streams-app");
                third.join();
            }

            // Then
            assertCounts(wire, expected, 2 * ACTIONS, BAD);
            assertHistory(stack, wire, expected);
            assertExports(stack, wire, expected);
            Tally.Result audit = audit(stack);
            System.out.println(audit.output());
            assertThat(audit.code()).as(audit.output()).isZero();
            Matcher compared = PERIODS.matcher(audit.output());
            assertThat(compared.find()).isTrue();
            assertThat(Long.parseLong(compared.group(1).replace(",", ""))).isGreaterThan(900);
            assertThat(audit.output()).doesNotContain("only checked to add up", "not compared");
        }
    }

    /** Puts those who use most on pools, long enough before the first action that none is judged by an older catalogue. */
    private static void subscribePools(LocalStack stack, Wire wire) throws IOException {
        List<ActionEvent> actions = new ArrayList<>();
        ActionLines.read(ActionLines.open(TRACE.toString()), actions::add, bad -> {
            throw new AssertionError(bad);
        });
        Catalogue catalogue = SeededCatalogue.over(actions, POOLED_ORGS, SEED);
        try (RecordSerdes serdes = wire.servers().serdes()) {
            CatalogueTopics topics = new CatalogueTopics(wire.servers(), serdes, new Topics("", 1, 1));
            int published = topics.publish(topics.changes(catalogue));
            assertThat(published).isEqualTo(POOLED_ORGS * (3 + 1 + 3));
        }
        Instant publishedAt = Instant.now();
        Awaitility.await()
                .atMost(Duration.ofMinutes(1))
                .pollInterval(Duration.ofSeconds(1))
                .ignoreExceptionsMatching(e -> e instanceof AssertionError)
                .untilAsserted(() -> {
                    for (Subscription subscription : catalogue.subscriptions()) {
                        wire.get(stack.app() + "/v1/subscriptions/" + subscription.getSubject());
                    }
                    assertThat(Instant.now()).isAfter(publishedAt.plus(IN_FORCE_FOR_SURE));
                });
    }

    private static void publish(LocalStack stack, Path file, String partitioner) {
        List<String> command = new ArrayList<>(
                List.of("publish", file.toString(), "--partitioner", partitioner, "--app", stack.app()));
        command.addAll(List.of(stack.servers()));
        Tally.Result result = Tally.run(command, "");
        assertThat(result.code()).as(result.output()).isZero();
        System.out.print(result.output());
    }

    /** Bytes that are no action, to any partition. */
    private static void sendBad(Wire wire) {
        Random random = new Random(SEED);
        try (KafkaProducer<byte[], byte[]> producer = wire.producer()) {
            for (int i = 0; i < BAD; i++) {
                byte[] value = new byte[1 + random.nextInt(200)];
                random.nextBytes(value);
                Wire.send(producer, new ProducerRecord<>("actions", ("bad" + i).getBytes(UTF_8), value));
            }
        }
    }

    private static Tally.Result audit(LocalStack stack) {
        List<String> command = new ArrayList<>(List.of("audit", "--app", stack.app()));
        command.addAll(List.of(stack.servers()));
        return Tally.run(command, "");
    }

    /** Day totals by the key of their snapshot, those that are zero left out. */
    private static Map<String, Long> expected() throws IOException {
        Map<String, Long> expected = new TreeMap<>();
        int rows = 0;
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(new GZIPInputStream(Files.newInputStream(EXPECTED)), UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                String[] fields = line.split("\t", -1);
                rows++;
                put(expected, fields[0] + "/actions/DAY/" + fields[1] + "T00:00:00Z", Long.parseLong(fields[2]));
                put(expected, fields[0] + "/tokens/DAY/" + fields[1] + "T00:00:00Z", Long.parseLong(fields[3]));
            }
        }
        assertThat(rows).isEqualTo(17_178);
        return expected;
    }

    private static void put(Map<String, Long> expected, String key, long amount) {
        if (amount != 0) {
            expected.put(key, amount);
        }
    }

    private static List<Path> halves() throws IOException {
        Path first = Files.createTempFile("first", ".ndjson");
        Path second = Files.createTempFile("second", ".ndjson");
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(new GZIPInputStream(Files.newInputStream(TRACE)), UTF_8))) {
            List<String> all = lines.lines().toList();
            Files.write(first, all.subList(0, all.size() / 2));
            Files.write(second, all.subList(all.size() / 2, all.size()));
        }
        return List.of(first, second);
    }

    private static void assertCounts(Wire wire, Map<String, Long> expected, long duplicates, long bad) {
        Awaitility.await()
                .atMost(Duration.ofMinutes(2))
                .pollInterval(Duration.ofSeconds(1))
                .ignoreExceptionsMatching(e -> e instanceof AssertionError)
                .untilAsserted(() -> {
                    assertThat(wire.conservation("duplicate")).isEqualTo(duplicates);
                    assertThat(wire.conservation("deadLettered")).isEqualTo(bad);
                    assertThat(wire.conservation("read")).isEqualTo(ACTIONS + duplicates + bad);
                    assertThat(wire.conservation("readOnly")).isEqualTo(READ_ONLY);
                    assertThat(wire.conservation("counted")).isEqualTo(ACTIONS - READ_ONLY);
                    Map<String, Long> usage = new TreeMap<>();
                    for (UsageSnapshot snapshot :
                            wire.latest("usage", UsageSnapshot.class).values()) {
                        if (snapshot.getWindow() == UsageWindow.DAY) {
                            usage.put(
                                    snapshot.getSubject() + "/" + snapshot.getMeter() + "/DAY/"
                                            + snapshot.getWindowStart(),
                                    snapshot.getUsed());
                        }
                    }
                    assertThat(usage).isEqualTo(expected);
                });
        System.out.printf(
                "%,d day windows of usage equal the expected ones; %,d duplicates%n", expected.size(), duplicates);
    }

    private static void assertHistory(LocalStack stack, Wire wire, Map<String, Long> expected) {
        TreeMap<String, TreeSet<LocalDate>> series = new TreeMap<>();
        for (String window : expected.keySet()) {
            int at = window.indexOf("/DAY/");
            series.computeIfAbsent(window.substring(0, at), any -> new TreeSet<>())
                    .add(LocalDate.parse(window.substring(at + 5, at + 15)));
        }
        Map<String, Long> said = new TreeMap<>();
        series.forEach((one, days) -> {
            String subject = one.substring(0, one.indexOf('/'));
            // A day more at each end: nothing is counted there.
            JsonNode history = wire.get("%s%s/usage/history?from=%s&to=%s&meter=%s"
                    .formatted(
                            stack.app(),
                            path(subject),
                            days.first().minusDays(1),
                            days.last().plusDays(1),
                            one.substring(one.indexOf('/') + 1)));
            for (JsonNode day : history.path("days")) {
                put(
                        said,
                        one + "/DAY/" + day.path("day").asText() + "T00:00:00Z",
                        day.path("used").asLong());
            }
        });
        assertThat(said).isEqualTo(expected);
        System.out.printf("%,d days of HTTP history equal the expected ones%n", said.size());
    }

    private static String path(String subject) {
        return subject.startsWith("user:") ? "/v1/users/" + subject.substring(5) : "/v1/orgs/" + subject.substring(4);
    }

    /** The rows of some users and orgs, of all days, add up to their counts; each place in the log is there once. */
    private static void assertExports(LocalStack stack, Wire wire, Map<String, Long> expected) {
        List<String> subjects = new ArrayList<>(expected.keySet().stream()
                .map(window -> window.substring(0, window.indexOf('/')))
                .distinct()
                .toList());
        Collections.shuffle(subjects, new Random(SEED));
        long rows = 0;
        for (String subject : subjects.subList(0, EXPORTED)) {
            Map<String, Long> counted = new TreeMap<>(expected);
            counted.keySet().removeIf(window -> !window.startsWith(subject + "/"));
            Map<String, Long> exported = new TreeMap<>();
            Set<String> places = new HashSet<>();
            List<JsonNode> lines =
                    wire.lines("%s%s/actions?from=%s&to=%s".formatted(stack.app(), path(subject), FIRST_DAY, LAST_DAY));
            for (JsonNode row : lines.subList(0, lines.size() - 1)) {
                if (row.has("progress")) {
                    continue;
                }
                assertThat(places.add(row.path("partition") + ":" + row.path("offset")))
                        .isTrue();
                String day = row.path("occurredAt").asText().substring(0, 10);
                row.path("amounts").properties().forEach(amount -> {
                    String window = subject + "/" + amount.getKey() + "/DAY/" + day + "T00:00:00Z";
                    exported.merge(window, amount.getValue().asLong(), Long::sum);
                });
            }
            exported.values().removeIf(amount -> amount == 0);
            JsonNode last = lines.getLast();
            assertThat(last.path("complete").asBoolean()).as(last.toString()).isTrue();
            assertThat(last.path("rows").asLong()).isEqualTo(places.size());
            exported.keySet().removeIf(window -> !window.contains("/actions/") && !window.contains("/tokens/"));
            assertThat(exported).as(subject).isEqualTo(counted);
            rows += places.size();
        }
        System.out.printf("%,d exported rows of %d subjects add up to their counts%n", rows, EXPORTED);
    }
}
