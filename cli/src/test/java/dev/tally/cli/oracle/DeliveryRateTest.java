package dev.tally.cli.oracle;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.stripe.StripeClient;
import dev.tally.cli.standin.StandIn;
import dev.tally.cli.standin.StandInOptions;
import dev.tally.cli.standin.Variant;
import dev.tally.schemas.BillableFact;
import dev.tally.schemas.FactKind;
import dev.tally.schemas.LedgerEntry;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.testing.RegistryFake;
import dev.tally.sink.delivery.AsyncErrors;
import dev.tally.sink.delivery.Collaborators;
import dev.tally.sink.delivery.CrashPoints;
import dev.tally.sink.delivery.DeliveryListener;
import dev.tally.sink.delivery.DeliveryRunner;
import dev.tally.sink.delivery.DeliverySettings;
import dev.tally.sink.delivery.DeliveryStatus;
import dev.tally.sink.delivery.DeliveryTopics;
import dev.tally.sink.delivery.LifeRunner;
import dev.tally.sink.delivery.MeterGate;
import dev.tally.sink.reporting.Answer;
import dev.tally.sink.reporting.MinuteSum;
import dev.tally.sink.reporting.Outcome;
import dev.tally.sink.reporting.RetryRule;
import dev.tally.sink.stripe.StripeConnection;
import dev.tally.sink.stripe.StripeJavaMeterEvents;
import dev.tally.sink.stripe.StripeJavaSums;
import dev.tally.sink.stripe.StripeMeterEvents;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/**
 * Measures, and judges nothing but sums: how many facts a second reach a Stripe of 50 ms more or less, with its limits, for 10,000
 * customers. Not part of any run: {@code -Dtest=DeliveryRateTest -Dgroups=slow -DexcludedGroups=}.
 */
@Tag("slow")
class DeliveryRateTest {
    private static final int CUSTOMERS = 10_000;
    private static final int FACTS = 30_000;
    private static final int RATE = Integer.getInteger("oracle.rate", 1_000);
    private static final int IN_FLIGHT = Integer.getInteger("oracle.inFlight", 100);
    private static final int SHORTEST_MILLIS = 20;
    private static final int LONGEST_MILLIS = 80;

    @TempDir
    private Path directory = Path.of("");

    private final AtomicInteger settled = new AtomicInteger();
    private final AtomicLong warmAt = new AtomicLong();
    private final AtomicLong nearlyDoneAt = new AtomicLong();

    @Test
    void shouldDeliverAtTheRateThatStripeTakes() throws Exception {
        ((Logger) LoggerFactory.getLogger("dev.tally.sink.delivery")).setLevel(Level.OFF);
        InstantSource clock = InstantSource.system();
        Path account = Files.writeString(
                directory.resolve("account.json"),
                "{\"meters\":[{\"id\":\"mtr_1\",\"event_name\":\"tally_actions\",\"formula\":\"sum\"}],\"customers\":["
                        + IntStream.range(0, CUSTOMERS)
                                .mapToObj(number -> "{\"id\":\"cus_" + number + "\"}")
                                .collect(Collectors.joining(","))
                        + "]}");
        DeliveryTopics topics = new DeliveryTopics("facts", "ledger", "dead-letters", "requests");
        try (OracleBroker broker = OracleBroker.start();
                RegistryFake registry = RegistryFake.start();
                RecordSerdes serdes =
                        new RecordSerdes(Map.of("schema.registry.url", registry.url(), "auto.register.schemas", true));
                StandIn standIn = StandIn.start(
                        StandInOptions.of(0, directory.resolve("stripe"))
                                .withAccount(account)
                                .showing(Set.of(Variant.LIMITS)),
                        clock);
                HttpClient http = HttpClient.newHttpClient()) {
            // Given
            broker.create(topics);
            publish(broker, serdes, topics);

            // When
            StripeClient client = new StripeConnection("sk_test_rate", standIn.url(), Duration.ofSeconds(30)).open();
            StripeMeterEvents stripe = new StripeJavaMeterEvents(client, clock);
            LifeRunner runner = DeliveryRunner.start(
                    new DeliverySettings(
                            broker.clientConfig(),
                            topics,
                            "sink",
                            "sink-1",
                            Optional.empty(),
                            IN_FLIGHT,
                            2_000,
                            Duration.ofMillis(200),
                            Duration.ofSeconds(5),
                            Duration.ofDays(37),
                            RetryRule.STANDARD,
                            Duration.ofHours(1)),
                    new Collaborators(
                            (event, key) -> {
                                Thread.sleep(ThreadLocalRandom.current().nextInt(SHORTEST_MILLIS, LONGEST_MILLIS + 1));
                                return stripe.create(event, key);
                            },
                            new StripeJavaSums(client, clock),
                            MeterGate.OPEN,
                            new AsyncErrors(),
                            serdes.of(BillableFact.class),
                            serdes.of(LedgerEntry.class),
                            new Counter(),
                            new DeliveryStatus(),
                            CrashPoints.NONE,
                            clock,
                            new Random(1),
                            RATE),
                    () -> {});
            Awaitility.await().atMost(Duration.ofMinutes(3)).until(() -> settled.get() == FACTS);
            runner.stop();

            // Then
            double seconds = (nearlyDoneAt.get() - warmAt.get()) / 1e9;
            System.out.printf(
                    "%d facts of %d customers, at most %d calls a second and %d at once: %.0f facts/s%n%s%n",
                    FACTS, CUSTOMERS, RATE, IN_FLIGHT, FACTS * 0.8 / seconds, get(http, standIn, "/stand-in/calls"));
            assertThat(JsonMapper.builder()
                            .build()
                            .readTree(get(http, standIn, "/stand-in/usage"))
                            .path("total")
                            .asLong())
                    .as("0 + 1 + … of what was sent")
                    .isEqualTo(FACTS * (FACTS - 1L) / 2);
        }
    }

    private static String get(HttpClient http, StandIn standIn, String path) throws Exception {
        return http.send(
                        HttpRequest.newBuilder(URI.create(standIn.url() + path)).build(),
                        HttpResponse.BodyHandlers.ofString())
                .body();
    }

    private static void publish(OracleBroker broker, RecordSerdes serdes, DeliveryTopics topics) {
        RecordSerde<BillableFact> serde = serdes.of(BillableFact.class);
        Instant start = Instant.now().minus(Duration.ofHours(1));
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(broker.clientConfig(), new ByteArraySerializer(), new ByteArraySerializer())) {
            for (int i = 0; i < FACTS; i++) {
                String payer = "user:" + i % CUSTOMERS;
                BillableFact fact = BillableFact.newBuilder()
                        .setIdentifier("fact-" + i)
                        .setEnvironment("rate")
                        .setPayer(payer)
                        .setStripeCustomerId("cus_" + i % CUSTOMERS)
                        .setMeter("actions")
                        .setEventName("tally_actions")
                        .setIntervalStart(start)
                        .setIntervalEnd(start.plusSeconds(300))
                        .setTimestamp(start)
                        .setSequence(i + 1L)
                        .setRevision(0)
                        .setAmount(i)
                        .setKind(FactKind.USAGE)
                        .setPeriodStart(start.minus(Duration.ofDays(1)))
                        .setPeriodEnd(start.plus(Duration.ofDays(1)))
                        .setCatalogVersion("rate@1")
                        .build();
                RecordHeaders headers = new RecordHeaders();
                byte[] value = serde.serializer().serialize(topics.facts(), headers, fact);
                var unused = producer.send(new ProducerRecord<>(
                        topics.facts(), null, payer.getBytes(StandardCharsets.UTF_8), value, headers));
            }
        }
    }

    private final class Counter implements DeliveryListener {
        @Override
        public void settled(Outcome outcome) {
            int now = settled.incrementAndGet();
            if (now == FACTS / 10) {
                warmAt.set(System.nanoTime());
            } else if (now == FACTS * 9 / 10) {
                nearlyDoneAt.set(System.nanoTime());
            }
        }

        @Override
        public void attempted(Answer answer) {}

        @Override
        public void lookedUp(MinuteSum told) {}

        @Override
        public void readAgain() {}

        @Override
        public void requested(String result) {}

        @Override
        public void unreadable(String reason) {}
    }
}
