package dev.tally.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.cli.standin.StandIn;
import dev.tally.cli.standin.StandInOptions;
import dev.tally.schemas.BillableFact;
import dev.tally.schemas.FactKind;
import dev.tally.schemas.LedgerEntry;
import dev.tally.schemas.LedgerState;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.testing.RegistryFake;
import dev.tally.schemas.topics.TopicAdmin;
import dev.tally.schemas.topics.TopicReader;
import dev.tally.schemas.topics.Topics;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.test.KafkaClusterTestKit;
import org.apache.kafka.common.test.TestKitNodes;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** {@code tally stripe} against a real broker in this JVM and the stand-in. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class StripeCommandTest {

    private static final String CUSTOMER = "cus_demo_enterprise";

    @TempDir
    private Path folder = Path.of("");

    private @Nullable KafkaClusterTestKit broker;

    private record Ran(int code, String out) {}

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
        if (broker != null) {
            broker.close();
        }
    }

    private String bootstrap() {
        return Objects.requireNonNull(broker).bootstrapServers();
    }

    @Test
    void shouldTellWhatBecameOfFacts() throws Exception {
        try (RegistryFake registry = RegistryFake.start();
                RecordSerdes serdes = new RecordSerdes(Map.of("schema.registry.url", registry.url()));
                StandIn standIn = StandIn.start(StandInOptions.of(0, folder), InstantSource.system());
                KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                        Map.of("bootstrap.servers", bootstrap()),
                        new ByteArraySerializer(),
                        new ByteArraySerializer())) {
            Topics topics = new Topics("", 1, 1);
            try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap()))) {
                new TopicAdmin(admin).apply(topics.all(), (short) 1);
            }
            List<String> servers = List.of("--bootstrap-server", bootstrap(), "--schema-registry", registry.url());

            // Given: one fact that Stripe has, one that it lost, one that is dead, one parked, one not sent
            Instant start = Instant.now().truncatedTo(ChronoUnit.HOURS).minus(Duration.ofHours(5));
            LedgerState[] states = {
                LedgerState.ACCEPTED, LedgerState.DUPLICATE_OK, LedgerState.DEAD, LedgerState.PARKED, LedgerState.INTENT
            };
            BillableFact streamed = fact("streamed", 90, start.minus(Duration.ofHours(1)));
            write(producer, serdes, topics, streamed, LedgerState.UNCONFIRMED);
            bill(standIn, "streamed", 90, streamed.getTimestamp());
            BillableFact old = fact("old", 80, start.minus(Duration.ofDays(36)));
            write(producer, serdes, topics, old, LedgerState.DEAD);
            for (int i = 0; i < states.length; i++) {
                write(producer, serdes, topics, fact("id-" + i, 100 + i, start.plus(Duration.ofHours(i))), states[i]);
            }
            bill(standIn, "id-0", 100, start);

            // When
            Ran status = tally(servers, "status");
            Ran parked = tally(servers, "parked");
            Ran compared = tally(servers, "reconcile", "--stripe", standIn.url());
            Ran equal = tally(
                    servers,
                    "reconcile",
                    "--stripe",
                    standIn.url(),
                    "--to",
                    start.plus(Duration.ofHours(1)).toString());
            Ran repaired = tally(servers, "reconcile", "--stripe", standIn.url(), "--repair");
            Ran after = tally(servers, "reconcile", "--stripe", standIn.url(), "--repair");
            Ran wrong = tally(servers, "reconcile", "--stripe", standIn.url(), "--from", "yesterday");
            Ran untold = tally(servers, "replay");
            Ran dry = tally(servers, "replay", "--from", start.toString());
            Ran unasked = tally(servers, "replay", "--identifier", "id-2");
            Ran asked = tally(servers, "replay", "--identifier", "id-2", "--send", "--wait", "0s");
            Ran none = tally(servers, "replay", "--identifier", "nobody");
            Ran tooOld = tally(servers, "replay", "--identifier", "old");
            Ran stamped = tally(
                    servers,
                    "replay",
                    "--identifier",
                    "old",
                    "--restamp",
                    "--stripe",
                    standIn.url(),
                    "--send",
                    "--wait",
                    "0s");
            Ran away = tally(servers, "reconcile", "--stripe", "http://127.0.0.1:1");

            // Then
            assertThat(status.code()).isEqualTo(Exit.DONE);
            assertThat(status.out())
                    .containsPattern("open +1\\R")
                    .containsPattern("taken +2\\R")
                    .containsPattern("dead +2\\R")
                    .containsPattern("parked +1\\R")
                    .contains("the oldest open fact was published at")
                    .contains("kept as foreign_duplicate: 1");
            assertThat(parked.code()).isEqualTo(Exit.NO);
            assertThat(parked.out())
                    .contains("id-3 org:demo-enterprise: 103 of tally_actions")
                    .contains("foreign_duplicate: Stripe ?[2Jhas it")
                    .contains("another installation")
                    .contains("1 parked");
            assertThat(compared.code()).isEqualTo(Exit.NO);
            assertThat(compared.out())
                    .contains("missing " + CUSTOMER + " tally_actions " + start.plus(Duration.ofHours(1)))
                    .contains("Stripe took 101, and has 0")
                    .contains("absent id-1")
                    .contains("-d identifier='id-1'")
                    .contains("4 equal, 1 missing (101 units), 0 extra (0 units), 1 not settled yet")
                    .contains("1 unconfirmed facts are there")
                    .doesNotContain("absent id-0");
            assertThat(equal.code()).isEqualTo(Exit.DONE);
            assertThat(equal.out()).contains("2 equal, 0 missing");
            assertThat(repaired.code()).isEqualTo(Exit.NO);
            assertThat(repaired.out()).contains("repair of id-1: Accepted").doesNotContain("curl");
            assertThat(after.code()).isEqualTo(Exit.DONE);
            assertThat(after.out()).contains("5 equal, 0 missing").doesNotContain("repair of");
            assertThat(wrong.code()).isEqualTo(Exit.USAGE);
            assertThat(away.code()).isEqualTo(Exit.UNREACHABLE);
            assertThat(untold.code()).isEqualTo(Exit.USAGE);
            assertThat(dry.code()).isEqualTo(Exit.NO);
            assertThat(dry.out())
                    .contains("would be replayed id-2 org:demo-enterprise: 102 of tally_actions")
                    .contains("(dead: resource_missing), sent again under its identifier")
                    .contains("not replayed id-3")
                    .contains("it is parked as foreign_duplicate")
                    .contains("1 of 2 can be replayed; --send asks for it");
            assertThat(unasked.code()).isEqualTo(Exit.DONE);
            assertThat(asked.code()).isEqualTo(Exit.NO);
            assertThat(asked.out()).contains("replayed id-2", "no outcome yet of id-2");
            assertThat(none.code()).isEqualTo(Exit.NO);
            assertThat(none.out()).contains("not replayed nobody: no dead letter has it");
            assertThat(tooOld.code()).isEqualTo(Exit.NO);
            assertThat(tooOld.out()).contains("not replayed old");
            assertThat(stamped.out()).containsPattern("replayed old .*, charged at ");
            // Each repair asks that what is there be confirmed; the sink, which grants it once, does not run here.
            assertThat(requests(topics, "tally.confirm")).containsExactly("sums", "sums");
            assertThat(requests(topics, "tally.replay")).containsExactly("1", "1");
            assertThat(requests(topics, "tally.timestamp")).hasSize(1);
        }
    }

    /** A header of all requests to the sink that have it. */
    private List<String> requests(Topics topics, String header) {
        List<String> values = new ArrayList<>();
        new TopicReader(Map.of("bootstrap.servers", bootstrap()))
                .readAll(
                        topics.stripeRequests(),
                        record -> record.headers()
                                .headers(header)
                                .forEach(one -> values.add(new String(one.value(), StandardCharsets.UTF_8))));
        return values;
    }

    /** A fact, what the ledger knows of it and, where it has ended so, its dead letter. */
    private static void write(
            KafkaProducer<byte[], byte[]> producer,
            RecordSerdes serdes,
            Topics topics,
            BillableFact fact,
            LedgerState state)
            throws Exception {
        byte[] key = fact.getPayer().getBytes(StandardCharsets.UTF_8);
        byte[] value = serdes.of(BillableFact.class).serializer().serialize(topics.billableUsage(), fact);
        send(producer, new ProducerRecord<>(topics.billableUsage(), 0, key, value));
        byte[] entry = serdes.of(LedgerEntry.class).serializer().serialize(topics.stripeLedger(), entry(fact, state));
        byte[] identifier = fact.getIdentifier().getBytes(StandardCharsets.UTF_8);
        send(producer, new ProducerRecord<>(topics.stripeLedger(), 0, identifier, entry));
        if (state == LedgerState.PARKED) {
            send(producer, letter(topics, key, value, "foreign_duplicate", "Stripe \u001b[2Jhas it"));
        }
        if (state == LedgerState.DEAD) {
            send(producer, letter(topics, key, value, "resource_missing", "No such customer"));
        }
    }

    private static ProducerRecord<byte[], byte[]> letter(
            Topics topics, byte[] key, byte[] value, String reason, String detail) {
        ProducerRecord<byte[], byte[]> letter = new ProducerRecord<>(topics.stripeDeadLetters(), 0, key, value);
        Map.of(
                        "tally.reason",
                        reason,
                        "tally.detail",
                        detail,
                        "tally.partition",
                        "0",
                        "tally.offset",
                        "0",
                        "tally.at",
                        Instant.now().toString())
                .forEach((name, text) -> letter.headers().add(name, text.getBytes(StandardCharsets.UTF_8)));
        return letter;
    }

    private static void send(KafkaProducer<byte[], byte[]> producer, ProducerRecord<byte[], byte[]> record)
            throws Exception {
        producer.send(record).get(30, TimeUnit.SECONDS);
    }

    private static void bill(StandIn standIn, String identifier, long value, Instant at) throws Exception {
        String form =
                "event_name=tally_actions&identifier=%s&timestamp=%d&payload[stripe_customer_id]=%s&payload[value]=%d"
                        .formatted(identifier, at.getEpochSecond(), CUSTOMER, value);
        HttpRequest request = HttpRequest.newBuilder(URI.create(standIn.url() + "/v1/billing/meter_events"))
                .header("Authorization", "Bearer sk_test_standin")
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(HttpRequest.BodyPublishers.ofString(form))
                .build();
        try (HttpClient http = HttpClient.newHttpClient()) {
            assertThat(http.send(request, HttpResponse.BodyHandlers.ofString()).statusCode())
                    .isEqualTo(200);
        }
    }

    private static BillableFact fact(String identifier, long amount, Instant start) {
        return BillableFact.newBuilder()
                .setIdentifier(identifier)
                .setEnvironment("local")
                .setPayer("org:demo-enterprise")
                .setStripeCustomerId(CUSTOMER)
                .setMeter("actions")
                .setEventName("tally_actions")
                .setIntervalStart(start)
                .setIntervalEnd(start.plusSeconds(300))
                .setTimestamp(start)
                .setSequence(1)
                .setRevision(0)
                .setAmount(amount)
                .setKind(FactKind.USAGE)
                .setPeriodStart(start)
                .setPeriodEnd(start.plusSeconds(86_400))
                .setCatalogVersion("enterprise@1")
                .build();
    }

    private static LedgerEntry entry(BillableFact fact, LedgerState state) {
        // What is too old for Stripe ended only lately.
        Instant at = fact.getIdentifier().equals("old")
                ? Instant.now().minus(Duration.ofHours(1))
                : fact.getTimestamp().plusSeconds(400);
        return LedgerEntry.newBuilder()
                .setIdentifier(fact.getIdentifier())
                .setPayer(fact.getPayer())
                .setStripeCustomerId(fact.getStripeCustomerId())
                .setEventName(fact.getEventName())
                .setAmount(fact.getAmount())
                .setTimestamp(fact.getTimestamp())
                .setState(state)
                .setReason(
                        state == LedgerState.DEAD
                                ? "resource_missing"
                                : state == LedgerState.PARKED ? "foreign_duplicate" : null)
                .setFirstAttemptAt(at)
                .setAt(at)
                .build();
    }

    private static Ran tally(List<String> servers, String command, String... more) {
        List<String> args = new ArrayList<>(List.of("stripe", command));
        args.addAll(servers);
        args.addAll(List.of(more));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PrintStream realOut = System.out;
        System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
        try {
            int code = Main.run(args.toArray(String[]::new));
            return new Ran(code, out.toString(StandardCharsets.UTF_8));
        } finally {
            System.setOut(realOut);
        }
    }
}
