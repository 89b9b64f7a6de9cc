package dev.tally.sink.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import com.stripe.StripeClient;
import dev.tally.schemas.BillableFact;
import dev.tally.schemas.FactKind;
import dev.tally.schemas.LedgerEntry;
import dev.tally.schemas.serde.Decoded;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.topics.TopicReader;
import dev.tally.sink.delivery.CrashPoints.Point;
import dev.tally.sink.reconciling.Reconciler;
import dev.tally.sink.reconciling.SentFacts;
import dev.tally.sink.reporting.Answer;
import dev.tally.sink.reporting.ErrorReport;
import dev.tally.sink.reporting.MinuteSum;
import dev.tally.sink.reporting.Outcome;
import dev.tally.sink.reporting.RetryRule;
import dev.tally.sink.stripe.StripeConnection;
import dev.tally.sink.stripe.StripeJavaMeterEvents;
import dev.tally.sink.stripe.StripeJavaSums;
import dev.tally.sink.testing.KafkaBroker;
import dev.tally.sink.testing.Read;
import dev.tally.sink.testing.StripeFake;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/** Topics of one test, the facts in them, and deliveries that work on them. */
final class DeliveryHarness implements AutoCloseable {
    static final int PARTITIONS = 2;

    private final KafkaBroker broker;
    private final StripeFake stripe;
    private final String name;
    private final DeliveryTopics topics;
    private final RecordSerdes serdes;
    private final RecordSerde<BillableFact> facts;
    private final RecordSerde<LedgerEntry> ledger;
    private final KafkaProducer<byte[], byte[]> producer;
    private final List<DeliveryRunner> runners = new ArrayList<>();
    private final List<Heard> heard = new CopyOnWriteArrayList<>();
    private final AtomicReference<@Nullable Point> crashAt = new AtomicReference<>();
    private final Map<String, Object> extraKafka = new HashMap<>();
    private final AsyncErrors asyncErrors = new AsyncErrors();
    private final Set<String> held = ConcurrentHashMap.newKeySet();
    private @Nullable CountDownLatch standStill;
    private int started;
    private volatile Duration ahead = Duration.ZERO;

    /** What the listener heard, as text. */
    record Heard(String what) {}

    static final class SimulatedCrash extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    DeliveryHarness(KafkaBroker broker, String registryUrl, StripeFake stripe, String name) throws Exception {
        this.broker = broker;
        this.stripe = stripe;
        this.name = name;
        this.topics =
                new DeliveryTopics(name + "-billable-usage", name + "-stripe-ledger", name + "-stripe-dead-letters");
        broker.createTopics(PARTITIONS, topics.facts(), topics.ledger(), topics.deadLetters());
        this.serdes = new RecordSerdes(Map.of("schema.registry.url", registryUrl, "auto.register.schemas", true));
        this.facts = serdes.of(BillableFact.class);
        this.ledger = serdes.of(LedgerEntry.class);
        this.producer =
                new KafkaProducer<>(broker.clientConfig(), new ByteArraySerializer(), new ByteArraySerializer());
    }

    String group() {
        return name + "-stripe-sink";
    }

    void kafkaSetting(String key, Object value) {
        extraKafka.put(key, value);
    }

    /** Stripe reports that it does not count an event. */
    void report(String identifier, String code, Instant created) {
        ErrorReport.Sample sample = new ErrorReport.Sample(identifier, code, "it is wrong");
        asyncErrors.add(
                List.of(new ErrorReport("evt_" + identifier, created, "mtr_1", created, created, 1, List.of(sample))),
                created);
    }

    /** From here on facts of a meter may not be sent. */
    void holdMeter(String eventName) {
        held.add(eventName);
    }

    /** From here on they may. */
    void releaseMeter(String eventName) {
        held.remove(eventName);
    }

    /** All deliveries take it to be so much later. */
    synchronized void passTime(Duration more) {
        ahead = ahead.plus(more);
    }

    /** Lets the next delivery that reaches {@code point} die there, once. */
    void crashOnceAt(Point point) {
        crashAt.set(point);
    }

    /** Lets the next delivery that reaches {@code point} stand still there, once, until the latch is counted down. */
    CountDownLatch standStillOnceAt(Point point) {
        crashAt.set(point);
        standStill = new CountDownLatch(1);
        return standStill;
    }

    boolean crashed() {
        return crashAt.get() == null;
    }

    DeliveryRunner start() {
        return start(group(), new DeliveryStatus(), Duration.ofSeconds(5));
    }

    DeliveryRunner start(String group, DeliveryStatus status, Duration timeout) {
        return start(group, group + "-" + (started + 1), status, timeout);
    }

    DeliveryRunner startAs(String transactionalId, String group) {
        return start(group, name + "-" + transactionalId, new DeliveryStatus(), Duration.ofSeconds(5));
    }

    private DeliveryRunner start(String group, String transactionalId, DeliveryStatus status, Duration timeout) {
        Map<String, Object> kafka = new HashMap<>(broker.clientConfig());
        kafka.putAll(extraKafka);
        started++;
        DeliverySettings settings = new DeliverySettings(
                kafka,
                topics,
                group,
                transactionalId,
                Optional.empty(),
                8,
                50,
                Duration.ofMillis(50),
                Duration.ofSeconds(5),
                Duration.ofDays(37),
                new RetryRule(Duration.ofMillis(20), Duration.ofMillis(200)),
                Duration.ofMillis(100));
        InstantSource clock = () -> Instant.now().plus(ahead);
        StripeClient client = new StripeConnection("sk_test_1", stripe.url(), timeout).open();
        Collaborators with = new Collaborators(
                new StripeJavaMeterEvents(client, clock),
                new StripeJavaSums(client, clock),
                eventName -> !held.contains(eventName),
                asyncErrors,
                facts,
                ledger,
                new Listener(),
                status,
                this::reached,
                clock,
                new Random(started),
                10_000);
        DeliveryRunner runner = DeliveryRunner.start(settings, with, () -> heard.add(new Heard("gave up")));
        runners.add(runner);
        return runner;
    }

    /** Compares, taking it to be an hour later. */
    Reconciler reconciler() {
        InstantSource clock = InstantSource.offset(InstantSource.system(), Duration.ofHours(1));
        StripeClient client = new StripeConnection("sk_test_1", stripe.url(), Duration.ofSeconds(5)).open();
        return new Reconciler(
                new SentFacts(new TopicReader(broker.clientConfig()), topics, facts, ledger),
                new StripeJavaSums(client, clock),
                Duration.ofMinutes(30),
                1_000,
                clock);
    }

    private void reached(Point point) {
        if (crashAt.compareAndSet(point, null)) {
            if (standStill == null) {
                throw new SimulatedCrash();
            }
            try {
                standStill.await();
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    List<Heard> heard() {
        return heard;
    }

    /** Publishes a fact and returns its bytes. */
    byte[] publish(BillableFact fact) throws Exception {
        RecordHeaders headers = new RecordHeaders();
        byte[] value = facts.serializer().serialize(topics.facts(), headers, fact);
        publishBytes(fact.getPayer(), value);
        return value;
    }

    void publishBytes(String payer, byte @Nullable [] value) throws Exception {
        producer.send(new ProducerRecord<>(topics.facts(), payer.getBytes(StandardCharsets.UTF_8), value))
                .get(30, TimeUnit.SECONDS);
    }

    /** The first revision of an interval of five minutes. */
    static BillableFact interval(String identifier, String payer, String customer, long amount, Instant start) {
        return BillableFact.newBuilder(fact(identifier, payer, customer, "tally_actions", amount, start))
                .setIntervalStart(start)
                .setIntervalEnd(start.plusSeconds(300))
                .build();
    }

    static BillableFact fact(String identifier, String payer, @Nullable String customer, long amount) {
        return fact(
                identifier,
                payer,
                customer,
                "tally_actions",
                amount,
                Instant.now().minusSeconds(600));
    }

    static BillableFact fact(
            String identifier, String payer, @Nullable String customer, String event, long amount, Instant timestamp) {
        return BillableFact.newBuilder()
                .setIdentifier(identifier)
                .setEnvironment("test")
                .setPayer(payer)
                .setStripeCustomerId(customer)
                .setMeter(event)
                .setEventName(event)
                .setIntervalStart(timestamp.minusSeconds(150))
                .setIntervalEnd(timestamp.plusSeconds(150))
                .setTimestamp(timestamp)
                .setSequence(1)
                .setRevision(0)
                .setAmount(amount)
                .setKind(FactKind.USAGE)
                .setPeriodStart(timestamp.minusSeconds(86_400))
                .setPeriodEnd(timestamp.plusSeconds(86_400))
                .setCatalogVersion("enterprise@1")
                .build();
    }

    /** Waits until every fact published so far is done and its offset committed. */
    void awaitAllCommitted() {
        awaitAllCommitted(group());
    }

    void awaitAllCommitted(String group) {
        Awaitility.await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
            Map<Integer, Long> committed = broker.committed(group);
            for (int partition = 0; partition < PARTITIONS; partition++) {
                assertThat(committed.getOrDefault(partition, 0L))
                        .as("offset of partition " + partition)
                        .isEqualTo(broker.end(topics.facts(), partition));
            }
        });
    }

    /** The same while time passes quickly, as for a delivery that has just noticed that it stood still. */
    void awaitAllCommittedInTime() {
        Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> {
            passTime(Presence.SETTLING.plusSeconds(1));
            Map<Integer, Long> committed = broker.committed(group());
            for (int partition = 0; partition < PARTITIONS; partition++) {
                if (committed.getOrDefault(partition, 0L) < broker.end(topics.facts(), partition)) {
                    return false;
                }
            }
            return true;
        });
    }

    /** The ledger: all states of each identifier, in order. */
    Map<String, List<String>> ledger() throws Exception {
        Map<String, List<String>> states = new LinkedHashMap<>();
        for (Read read : broker.readAll(topics.ledger())) {
            states.computeIfAbsent(read.key(), unused -> new ArrayList<>())
                    .add(entry(read).getState().name());
        }
        return states;
    }

    List<LedgerEntry> ledgerEntries() throws Exception {
        return broker.readAll(topics.ledger()).stream().map(this::entry).toList();
    }

    private LedgerEntry entry(Read read) {
        Decoded<LedgerEntry> decoded = ledger.decode(topics.ledger(), new RecordHeaders(), read.value());
        assertThat(decoded).isInstanceOf(Decoded.Read.class);
        return ((Decoded.Read<LedgerEntry>) decoded).value();
    }

    /** Partition of each identifier in a topic keyed by it. */
    Map<String, Integer> ledgerPartitions() throws Exception {
        Map<String, Integer> partitions = new HashMap<>();
        broker.readAll(topics.ledger()).forEach(read -> partitions.put(read.key(), read.partition()));
        return partitions;
    }

    Map<String, Integer> factPartitionsByPayer() throws Exception {
        Map<String, Integer> partitions = new HashMap<>();
        broker.readAll(topics.facts()).forEach(read -> partitions.put(read.key(), read.partition()));
        return partitions;
    }

    List<Read> deadLetters() throws Exception {
        return broker.readAll(topics.deadLetters());
    }

    Map<Integer, Long> committed() throws Exception {
        return broker.committed(group());
    }

    String factsTopic() {
        return topics.facts();
    }

    @Override
    public void close() {
        for (DeliveryRunner runner : runners) {
            try {
                runner.stop();
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        }
        producer.close();
        serdes.close();
    }

    private final class Listener implements DeliveryListener {
        @Override
        public void attempted(Answer answer) {
            heard.add(new Heard("attempt " + answer.getClass().getSimpleName()));
        }

        @Override
        public void lookedUp(MinuteSum told) {
            heard.add(new Heard("looked up " + told.getClass().getSimpleName()));
        }

        @Override
        public void settled(Outcome outcome) {
            heard.add(new Heard("settled " + outcome.getClass().getSimpleName()));
        }

        @Override
        public void readAgain() {
            heard.add(new Heard("read again"));
        }

        @Override
        public void unreadable(String reason) {
            heard.add(new Heard("unreadable " + reason));
        }
    }
}
