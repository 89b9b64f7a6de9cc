package dev.tally.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.schemas.PayerKind;
import dev.tally.schemas.Plan;
import dev.tally.schemas.Report;
import dev.tally.schemas.catalogue.CatalogueSchema;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.testing.RegistryFake;
import dev.tally.schemas.topics.TopicAdmin;
import dev.tally.schemas.topics.TopicReader;
import dev.tally.schemas.topics.Topics;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.test.KafkaClusterTestKit;
import org.apache.kafka.common.test.TestKitNodes;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** {@code tally catalog} against a real broker in this JVM; each test has topics of its own. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CatalogCommandTest {

    private static final String BASE = """
            meters:
              - {meterId: m, aggregation: COUNT}
            plans:
              - {planId: pool, version: 1, payer: ORG, allocations: [{meter: m, base: 10}]}
            subscriptions:
              - subject: "org:o"
                anchor: 2026-01-01T00:00:00Z
                phases: [{planId: pool, version: 1, effectiveFrom: 2026-01-01T00:00:00Z}]
            grants:
              - {subject: "org:o", grantId: g, meter: m, amount: 1, effectiveAt: 2026-01-01T00:00:00Z}
            """;

    @TempDir
    private Path files = Path.of("");

    private final RegistryFake registry = RegistryFake.start();
    private final RecordSerdes serdes = new RecordSerdes(Map.of("schema.registry.url", registry.url()));
    private @Nullable KafkaClusterTestKit broker;

    @BeforeAll
    void start() throws Exception {
        broker = new KafkaClusterTestKit.Builder(new TestKitNodes.Builder()
                        .setCombined(true)
                        .setNumBrokerNodes(1)
                        .setNumControllerNodes(1)
                        .build())
                .build();
        broker.format();
        broker.startup();
        broker.waitForReadyBrokers();
    }

    @AfterAll
    void stop() throws Exception {
        serdes.close();
        registry.close();
        if (broker != null) {
            broker.close();
        }
    }

    /** What a command printed, and its exit code. */
    private record Ran(int code, List<String> out, String err) {}

    @Test
    void shouldApplyAndThenFindNoDifference() throws Exception {
        Topics topics = newTopics("apply.");

        Ran before = catalog(topics, "diff", BASE);
        Ran applied = catalog(topics, "apply", BASE);
        Ran after = catalog(topics, "diff", BASE);
        Ran again = catalog(topics, "apply", BASE);

        assertThat(before.code()).isEqualTo(Exit.NO);
        assertThat(before.out())
                .containsExactly(
                        "+ meters m",
                        "+ plans pool@1",
                        "+ grants org:o/g",
                        "+ subscriptions org:o",
                        "4 to add, 0 to change, 0 that cannot be changed, 0 only on the topics");
        assertThat(applied.code()).isEqualTo(Exit.DONE);
        assertThat(applied.out()).containsExactly("4 records published");
        assertThat(after.code()).isEqualTo(Exit.DONE);
        assertThat(after.out())
                .containsExactly("0 to add, 0 to change, 0 that cannot be changed, 0 only on the topics");
        assertThat(again.out()).containsExactly("nothing to change");
        assertThat(records(topics)).isEqualTo(4);
    }

    @Test
    void shouldApplyTheDemoCatalogue() throws Exception {
        Topics topics = newTopics("demo.");

        assertThat(run(topics, "apply", "demo").code()).isEqualTo(Exit.DONE);
        assertThat(run(topics, "diff", "demo").code()).isEqualTo(Exit.DONE);
    }

    @Test
    void shouldShowWhatDiffersAndWhatIsOnlyOnTheTopics() throws Exception {
        Topics topics = newTopics("diff.");
        catalog(topics, "apply", BASE);
        String other = """
                subscriptions:
                  - subject: "org:o"
                    anchor: 2026-01-01T00:00:00Z
                    phases:
                      - {planId: pool, version: 1, effectiveFrom: 2026-01-01T00:00:00Z}
                      - {planId: pool, version: 1, effectiveFrom: 2026-02-01T00:00:00Z}
                """;
        String fewer = "meters: [{meterId: n, aggregation: COUNT}]";

        Ran changed = catalog(topics, "diff", other);
        catalog(topics, "apply", fewer);
        Ran onlyThere = catalog(topics, "diff", fewer);
        Ran exact = catalog(topics, "diff", fewer, "--exact");

        assertThat(changed.code()).isEqualTo(Exit.NO);
        assertThat(changed.out())
                .containsExactly(
                        "~ subscriptions org:o",
                        "    phases[1]: (none) -> {planId: \"pool\", version: 1, effectiveFrom: 2026-02-01T00:00:00Z}",
                        "0 to add, 1 to change, 0 that cannot be changed, 0 only on the topics");
        assertThat(onlyThere.code()).isEqualTo(Exit.DONE);
        assertThat(onlyThere.out())
                .containsExactly("- meters m", "0 to add, 0 to change, 0 that cannot be changed, 1 only on the topics");
        assertThat(exact.code()).isEqualTo(Exit.NO);
        assertThat(exact.out()).isEqualTo(onlyThere.out());
    }

    @Test
    void shouldRefuseToChangeWhatNeverChanges() throws Exception {
        Topics topics = newTopics("never.");
        catalog(topics, "apply", BASE);
        String changed = BASE.replace("base: 10", "base: 11").replace("amount: 1", "amount: 2");
        // With a new meter besides, which is not published either.
        String more =
                changed.replace("aggregation: COUNT}", "aggregation: COUNT}\n  - {meterId: other, aggregation: COUNT}");

        Ran applied = catalog(topics, "apply", more);
        Ran diff = catalog(topics, "diff", changed);

        assertThat(applied.code()).isEqualTo(Exit.USAGE);
        assertThat(applied.err())
                .contains(
                        "nothing was sent",
                        "catalogue.yaml:5: plans[0].version: is published with other content; a version never changes,"
                                + " use the next one",
                        "catalogue.yaml:11: grants[0].grantId: is published with other content; a grant never changes");
        assertThat(records(topics)).isEqualTo(4);
        assertThat(diff.code()).isEqualTo(Exit.NO);
        assertThat(diff.out())
                .containsExactly(
                        "! plans pool@1: is published with other content; a version never changes, use the next one",
                        "    allocations[0].base: 10 -> 11",
                        "! grants org:o/g: is published with other content; a grant never changes, use another grantId"
                                + " for a further one",
                        "    amount: 1 -> 2",
                        "0 to add, 0 to change, 2 that cannot be changed, 0 only on the topics");
    }

    @Test
    void shouldLeaveWhatDiffersWhereOnlyWhatIsMissingIsWanted() throws Exception {
        Topics topics = newTopics("missing.");
        catalog(topics, "apply", BASE);
        String changed = BASE.replace("base: 10", "base: 11")
                .replace("aggregation: COUNT}", "aggregation: COUNT}\n  - {meterId: other, aggregation: COUNT}")
                .replace("anchor: 2026-01-01T00:00:00Z", "anchor: 2026-01-02T00:00:00Z");

        Ran applied = catalog(topics, "apply", changed, "--only-missing");

        assertThat(applied.code()).isEqualTo(Exit.DONE);
        assertThat(applied.out()).containsExactly("1 records published");
        assertThat(records(topics)).isEqualTo(5);
    }

    @Test
    void shouldSendNothingOfAFileWithProblems() throws Exception {
        Topics topics = newTopics("bad.");
        String bad = BASE.replace("base: 10", "base: -10").replace("amount: 1", "amount: 0") + "colour: red\n";

        Ran applied = catalog(topics, "apply", bad);
        Ran diff = catalog(topics, "diff", bad);

        assertThat(applied.code()).isEqualTo(Exit.USAGE);
        assertThat(applied.err())
                .contains(
                        "catalogue.yaml:4: plans[0].allocations[0].base: must be 0 to 1000000000000, not -10",
                        "catalogue.yaml:10: grants[0].amount: must be 1 to 1000000000000, not 0",
                        "catalogue.yaml:11: colour: there is no such field");
        assertThat(diff.code()).isEqualTo(Exit.USAGE);
        assertThat(records(topics)).isZero();
    }

    @Test
    void shouldCompareWithWhatIsInForce() throws Exception {
        Topics topics = newTopics("force.");
        catalog(topics, "apply", BASE);
        // A record that breaks the rules changes nothing, a tombstone removes.
        send(topics.plans(), "pool@1", new Plan("pool", -1, PayerKind.ORG, List.of(), List.of(), null, Report.OVERAGE));
        send(topics.grants(), "org:o/g", null);

        Ran diff = catalog(topics, "diff", BASE);

        assertThat(diff.out())
                .containsExactly(
                        "+ grants org:o/g", "1 to add, 0 to change, 0 that cannot be changed, 0 only on the topics");
        assertThat(diff.err()).contains("force.plans has a record that is not in force: version: begins with 1");
    }

    @Test
    void shouldPrintTheSchema() {
        assertThat(tally("catalog", "schema").out())
                .isEqualTo(CatalogueSchema.text().lines().toList());
    }

    @Test
    void shouldSayWhatIsWrongWithAFileThatIsNoText() throws IOException {
        Path latin = Files.write(files.resolve("latin.yaml"), new byte[] {'#', (byte) 0xe4});

        assertThat(tally("catalog", "diff", latin.toString()).err()).contains("is not text in UTF-8");
        assertThat(tally("catalog", "apply", "/no/such/file").err()).contains("no such file: /no/such/file");
        assertThat(tally("catalog", "apply", "/no/such/file").code()).isEqualTo(Exit.USAGE);
    }

    private Ran catalog(Topics topics, String command, String yaml, String... more) throws IOException {
        Path file = files.resolve("catalogue.yaml");
        Files.writeString(file, yaml);
        List<String> args = new ArrayList<>(List.of(more));
        args.add(file.toString());
        return run(topics, command, args.toArray(String[]::new));
    }

    private Ran run(Topics topics, String command, String... more) {
        List<String> args = new ArrayList<>(List.of(
                "catalog",
                command,
                "--bootstrap-server",
                bootstrap(),
                "--schema-registry",
                registry.url(),
                "--prefix",
                topics.prefix()));
        args.addAll(List.of(more));
        return tally(args.toArray(String[]::new));
    }

    private static Ran tally(String... args) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        PrintStream realOut = System.out;
        PrintStream realErr = System.err;
        System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
        try {
            int code = Main.run(args);
            return new Ran(
                    code, out.toString(StandardCharsets.UTF_8).lines().toList(), err.toString(StandardCharsets.UTF_8));
        } finally {
            System.setOut(realOut);
            System.setErr(realErr);
        }
    }

    private Topics newTopics(String prefix) {
        Topics topics = new Topics(prefix, 1, 1);
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap()))) {
            new TopicAdmin(admin).apply(topics.all(), (short) 1);
        }
        TopicReader reader = new TopicReader(Map.of("bootstrap.servers", bootstrap()));
        topics.all()
                .forEach(topic -> Awaitility.await()
                        .atMost(Duration.ofMinutes(1))
                        .until(() -> reader.ends(topic.name()).size() == topic.partitions()));
        return topics;
    }

    /** How many records the catalogue topics have. */
    private long records(Topics topics) {
        TopicReader reader = new TopicReader(Map.of("bootstrap.servers", bootstrap()));
        return List.of(topics.meters(), topics.plans(), topics.subscriptions(), topics.grants(), topics.memberships())
                .stream()
                .flatMap(topic -> reader.ends(topic).values().stream())
                .mapToLong(Long::longValue)
                .sum();
    }

    private void send(String topic, String key, @Nullable Plan record) throws ExecutionException, InterruptedException {
        byte[] value =
                record == null ? null : serdes.of(Plan.class).serializer().serialize(topic, record);
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", bootstrap()), new ByteArraySerializer(), new ByteArraySerializer())) {
            producer.send(new ProducerRecord<>(topic, key.getBytes(StandardCharsets.UTF_8), value))
                    .get();
        }
    }

    private String bootstrap() {
        if (broker == null) {
            throw new IllegalStateException("no broker");
        }
        return broker.bootstrapServers();
    }
}
