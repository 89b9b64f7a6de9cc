package dev.tally.sink.seats;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.keys.Partitions;
import dev.tally.schemas.SeatChange;
import dev.tally.schemas.SeatLedgerEntry;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.SubscriptionStatus;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.sink.delivery.DeliveryStatus;
import dev.tally.sink.delivery.LifeRunner;
import dev.tally.sink.reporting.RetryRule;
import dev.tally.sink.seats.SeatCrashPoints.Point;
import dev.tally.sink.seats.rules.ItemAnswer;
import dev.tally.sink.seats.rules.SeatOutcome;
import dev.tally.sink.testing.KafkaBroker;
import dev.tally.sink.testing.Read;
import dev.tally.sink.testing.StripeItemsFake;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/** Topics of one test, the changes in them, and processes that work on them by a clock that the test moves. */
final class SeatsHarness implements AutoCloseable {
    static final int PARTITIONS = 2;
    static final Instant BEGIN = Instant.parse("2026-11-23T12:00:00Z");

    private final KafkaBroker broker;
    private final String name;
    private final SeatsTopics topics;
    private final RecordSerdes serdes;
    private final RecordSerde<SeatChange> changes;
    private final RecordSerde<SeatLedgerEntry> ledger;
    private final RecordSerde<Subscription> subscriptions;
    private final KafkaProducer<byte[], byte[]> producer;
    private final KafkaConsumer<byte[], byte[]> ledgerReader;
    private final Map<String, SeatLedgerEntry> latest = new TreeMap<>();
    private final List<LifeRunner> runners = new ArrayList<>();
    private final List<String> heard = new CopyOnWriteArrayList<>();
    private final AtomicInteger differing = new AtomicInteger();
    private final AtomicReference<@Nullable Point> crashAt = new AtomicReference<>();
    private final DeliveryStatus status = new DeliveryStatus();
    private final StripeItemsFake stripe = new StripeItemsFake();
    private final long startedAt = System.nanoTime();
    private final AtomicReference<Duration> ahead = new AtomicReference<>(Duration.ZERO);
    private final InstantSource clock =
            () -> BEGIN.plusNanos(System.nanoTime() - startedAt).plus(ahead.get());
    private Duration debounce = Duration.ZERO;
    private int updatesPerHour = SeatsSettings.UPDATES_PER_HOUR;
    private boolean repair;
    private int started;

    static final class SimulatedCrash extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    SeatsHarness(KafkaBroker broker, String registryUrl, String name) throws Exception {
        this.broker = broker;
        this.name = name;
        this.topics = new SeatsTopics(
                name + "-seat-changes", name + "-stripe-seats", name + "-subscriptions", name + "-stripe-dead-letters");
        broker.createTopics(
                PARTITIONS, topics.changes(), topics.ledger(), topics.subscriptions(), topics.deadLetters());
        this.serdes = new RecordSerdes(Map.of("schema.registry.url", registryUrl, "auto.register.schemas", true));
        this.changes = serdes.of(SeatChange.class);
        this.ledger = serdes.of(SeatLedgerEntry.class);
        this.subscriptions = serdes.of(Subscription.class);
        this.producer =
                new KafkaProducer<>(broker.clientConfig(), new ByteArraySerializer(), new ByteArraySerializer());
        Map<String, Object> config = new HashMap<>(clientConfig());
        config.put("isolation.level", "read_committed");
        this.ledgerReader = new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        List<TopicPartition> partitions = IntStream.range(0, PARTITIONS)
                .mapToObj(number -> new TopicPartition(topics.ledger(), number))
                .toList();
        ledgerReader.assign(partitions);
        ledgerReader.seekToBeginning(partitions);
    }

    /** A consumer that is closed waits for its last fetch. */
    private Map<String, Object> clientConfig() {
        Map<String, Object> config = new HashMap<>(broker.clientConfig());
        config.put("fetch.max.wait.ms", 20);
        return config;
    }

    StripeItemsFake stripe() {
        return stripe;
    }

    DeliveryStatus status() {
        return status;
    }

    SeatsHarness debounce(Duration newDebounce) {
        debounce = newDebounce;
        return this;
    }

    SeatsHarness updatesPerHour(int most) {
        updatesPerHour = most;
        return this;
    }

    SeatsHarness repair() {
        repair = true;
        return this;
    }

    void passTime(Duration more) {
        ahead.updateAndGet(before -> before.plus(more));
    }

    /** Lets the next process that reaches {@code point} die there, once. */
    void crashOnceAt(Point point) {
        crashAt.set(point);
    }

    boolean crashed() {
        return crashAt.get() == null;
    }

    LifeRunner start() {
        started++;
        SeatsSettings settings = new SeatsSettings(
                clientConfig(),
                topics,
                name + "-stripe-seats",
                name + "-stripe-seats-" + started,
                Optional.empty(),
                8,
                10_000,
                updatesPerHour,
                debounce,
                Duration.ofHours(24),
                repair,
                Duration.ofMillis(200),
                new RetryRule(Duration.ofMillis(20), Duration.ofMillis(200)));
        SeatsCollaborators with = new SeatsCollaborators(
                stripe,
                changes,
                ledger,
                subscriptions,
                new Listener(),
                status,
                this::reached,
                clock,
                new Random(started));
        LifeRunner runner = SeatsRunner.start(settings, with, () -> heard.add("gave up"));
        runners.add(runner);
        return runner;
    }

    private void reached(Point point) {
        if (crashAt.compareAndSet(point, null)) {
            throw new SimulatedCrash();
        }
    }

    /** What the listener heard, as text. */
    List<String> heard() {
        return heard;
    }

    int differing() {
        return differing.get();
    }

    /** An org whose subscription names an item, which is at Stripe with a quantity. */
    void subscribe(String org, String item, long quantity) throws Exception {
        stripe.put(item, quantity, false);
        subscription(org, item, SubscriptionStatus.ACTIVE);
    }

    void subscription(String org, @Nullable String item, SubscriptionStatus state) throws Exception {
        Subscription subscription = Subscription.newBuilder()
                .setSubject(org)
                .setStripeSeatItemId(item)
                .setAnchor(StripeItemsFake.PERIOD_START)
                .setStatus(state)
                .build();
        send(
                topics.subscriptions(),
                org,
                subscriptions.serializer().serialize(topics.subscriptions(), new RecordHeaders(), subscription));
    }

    void change(String org, long version, long quantity, String day) throws Exception {
        changeBytes(org, bytes(org, version, quantity, day));
    }

    byte[] bytes(String org, long version, long quantity, String day) {
        SeatChange change = new SeatChange(org, quantity, version, Instant.parse(day + "T00:00:00Z"), "cause");
        return changes.serializer().serialize(topics.changes(), new RecordHeaders(), change);
    }

    void changeBytes(String org, byte @Nullable [] value) throws Exception {
        send(topics.changes(), org, value);
    }

    void send(String topic, String key, byte @Nullable [] value) throws Exception {
        producer.send(new ProducerRecord<>(topic, key.getBytes(StandardCharsets.UTF_8), value))
                .get(30, TimeUnit.SECONDS);
    }

    String subscriptionsTopic() {
        return topics.subscriptions();
    }

    String changesTopic() {
        return topics.changes();
    }

    static void await(org.awaitility.core.ThrowingRunnable assertion) {
        Awaitility.await()
                .atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(20))
                .untilAsserted(assertion);
    }

    /** Waits until all changes are taken in and nothing is left to do. */
    void awaitDone() {
        await(() -> {
            Map<Integer, Long> committed = broker.committed(name + "-stripe-seats");
            for (int partition = 0; partition < PARTITIONS; partition++) {
                assertThat(committed.getOrDefault(partition, 0L))
                        .as("offset of partition " + partition)
                        .isGreaterThanOrEqualTo(broker.end(topics.changes(), partition));
            }
            assertThat(ledger().values()).allSatisfy(entry -> {
                assertThat(entry.getState().name()).isNotIn("WAITING", "INTENT", "UNKNOWN");
                assertThat(entry.getPending()).isEmpty();
            });
        });
    }

    /** The latest entry of each org. */
    Map<String, SeatLedgerEntry> ledger() {
        Map<TopicPartition, Long> ends = ledgerReader.endOffsets(ledgerReader.assignment());
        while (ends.entrySet().stream().anyMatch(end -> ledgerReader.position(end.getKey()) < end.getValue())) {
            ledgerReader.poll(Duration.ofMillis(20)).forEach(record -> {
                SeatLedgerEntry entry = ledger.deserializer().deserialize(record.topic(), record.value());
                latest.put(entry.getOrg(), entry);
            });
        }
        return latest;
    }

    Map<String, Integer> partitionsOf(String topic) throws Exception {
        Map<String, Integer> partitions = new TreeMap<>();
        broker.readAll(topic).forEach(read -> partitions.put(read.key(), read.partition()));
        return partitions;
    }

    int partition(String org) {
        return Partitions.ofKey(org.getBytes(StandardCharsets.UTF_8), PARTITIONS);
    }

    String ledgerTopic() {
        return topics.ledger();
    }

    /** State of an org, as {@code SENT 7 v2}. */
    String standing(String org) {
        SeatLedgerEntry entry = ledger().get(org);
        return entry == null ? "none" : entry.getState() + " " + entry.getQuantity() + " v" + entry.getVersion();
    }

    List<Read> deadLetters() throws Exception {
        return broker.readAll(topics.deadLetters());
    }

    @Override
    public void close() {
        for (LifeRunner runner : runners) {
            try {
                runner.stop();
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        }
        ledgerReader.close();
        producer.close();
        serdes.close();
    }

    private final class Listener implements SeatsListener {
        @Override
        public void answered(ItemAnswer answer) {
            heard.add("answer " + answer.getClass().getSimpleName());
        }

        @Override
        public void ended(SeatOutcome outcome) {
            heard.add(outcome.code());
        }

        @Override
        public void checked(Check result) {
            heard.add("check " + result);
        }

        @Override
        public void differing(int items) {
            differing.set(items);
        }
    }
}
