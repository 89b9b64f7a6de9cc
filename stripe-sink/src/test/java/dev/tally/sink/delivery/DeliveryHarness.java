package dev.tally.sink.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import com.stripe.StripeClient;
import dev.tally.schemas.BillableFact;
import dev.tally.schemas.FactKind;
import dev.tally.schemas.LedgerEntry;
import dev.tally.schemas.serde.Decoded;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.schemas.topics.TopicReader;
import dev.tally.sink.delivery.CrashPoints.Point;
import dev.tally.sink.reconciling.Confirmations;
import dev.tally.sink.reconciling.Reconciler;
import dev.tally.sink.reconciling.Reconciliation;
import dev.tally.sink.reconciling.SentFacts;
import dev.tally.sink.reporting.Answer;
import dev.tally.sink.reporting.ErrorReport;
import dev.tally.sink.reporting.IdempotencyKey;
import dev.tally.sink.reporting.MeterEvent;
import dev.tally.sink.reporting.MinuteSum;
import dev.tally.sink.reporting.Outcome;
import dev.tally.sink.reporting.ReplayRequest;
import dev.tally.sink.reporting.RetryRule;
import dev.tally.sink.stripe.Reply;
import dev.tally.sink.stripe.StripeConnection;
import dev.tally.sink.stripe.StripeJavaMeterEvents;
import dev.tally.sink.stripe.StripeJavaSums;
import dev.tally.sink.stripe.StripeMeterEvents;
import dev.tally.sink.testing.LoopHarness;
import dev.tally.sink.testing.Read;
import dev.tally.sink.testing.StripeFake;
import dev.tally.sink.testing.TestKafka;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/** The facts of one test, and deliveries that work on them. */
final class DeliveryHarness extends LoopHarness {
    private final StripeFake stripe;
    private final DeliveryTopics topics = new DeliveryTopics(
            named("billable-usage"), named("stripe-ledger"), named("stripe-dead-letters"), named("stripe-requests"));
    private final RecordSerde<BillableFact> facts = serdes().of(BillableFact.class);
    private final RecordSerde<LedgerEntry> ledger = serdes().of(LedgerEntry.class);
    private final AsyncErrors asyncErrors = new AsyncErrors();
    private final Set<String> held = ConcurrentHashMap.newKeySet();
    private boolean streaming;

    DeliveryHarness(TestKafka kafka, StripeFake stripe) throws Exception {
        super(kafka, Instant.now());
        this.stripe = stripe;
        broker().createTopics(PARTITIONS, topics.facts(), topics.ledger(), topics.deadLetters(), topics.requests());
    }

    String group() {
        return named("stripe-sink");
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

    LifeRunner start() {
        return start(group(), new DeliveryStatus());
    }

    LifeRunner start(String group, DeliveryStatus status) {
        return start(group, group + "-" + (started() + 1), status);
    }

    LifeRunner startAs(String transactionalId) {
        return start(group(), named(transactionalId), new DeliveryStatus());
    }

    private LifeRunner start(String group, String transactionalId, DeliveryStatus status) {
        DeliverySettings settings = new DeliverySettings(
                kafka(),
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
        StripeClient client = new StripeConnection("sk_test_1", stripe.url(), Duration.ofSeconds(5)).open();
        Collaborators with = new Collaborators(
                streaming
                        ? new Streaming(new StripeJavaMeterEvents(client, clock()))
                        : new StripeJavaMeterEvents(client, clock()),
                new StripeJavaSums(client, clock()),
                this::maySend,
                asyncErrors,
                facts,
                ledger,
                new Listener(),
                status,
                this::reached,
                clock(),
                new Random(started() + 1L),
                10_000);
        return live("delivery", () -> new DeliveryLoop(settings, with));
    }

    /** Asked while a fact is taken in, of which nothing is written yet. */
    private boolean maySend(String eventName) {
        reached(Point.TAKEN_WRITTEN);
        return !held.contains(eventName);
    }

    /** Deliveries from here on get no more than Stripe's stream says of what it takes. */
    void stream() {
        streaming = true;
    }

    private record Streaming(StripeMeterEvents stripe) implements StripeMeterEvents {
        @Override
        public Reply create(MeterEvent event, IdempotencyKey key) throws InterruptedException {
            Reply reply = stripe.create(event, key);
            return reply.answer() instanceof Answer.Accepted
                    ? new Reply(new Answer.Streamed(), reply.requestId())
                    : reply;
        }
    }

    /** Has confirmed what a comparison found. */
    void confirm(Reconciliation result) {
        new Confirmations(broker().clientConfig(), topics.requests(), ledger, InstantSource.system()).request(result);
    }

    /** Compares, taking it to be an hour later. */
    Reconciler reconciler() {
        InstantSource clock = InstantSource.offset(InstantSource.system(), Duration.ofHours(1));
        StripeClient client = new StripeConnection("sk_test_1", stripe.url(), Duration.ofSeconds(5)).open();
        return new Reconciler(
                new SentFacts(new TopicReader(broker().clientConfig()), topics, facts, ledger),
                new StripeJavaSums(client, clock),
                Duration.ofMinutes(30),
                1_000,
                clock);
    }

    /** Publishes a fact and returns its bytes. */
    byte[] publish(BillableFact fact) throws Exception {
        return publish(topics.facts(), fact.getPayer(), fact);
    }

    void publishBytes(String payer, byte @Nullable [] value) throws Exception {
        publishBytes(topics.facts(), payer, value);
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

    /** Asks for a replay of the fact of a dead letter. */
    void replay(Read letter, int number, @Nullable Instant timestamp) throws Exception {
        RecordHeaders headers = new RecordHeaders();
        letter.headers().forEach((name, value) -> headers.add(name, value.getBytes(StandardCharsets.UTF_8)));
        ConsumerRecord<byte[], byte[]> record = new ConsumerRecord<>(
                topics.deadLetters(),
                letter.partition(),
                0,
                0,
                TimestampType.CREATE_TIME,
                0,
                0,
                letter.key().getBytes(StandardCharsets.UTF_8),
                letter.value(),
                headers,
                Optional.empty());
        Instant now = Instant.now();
        publish(ReplayRequests.of(
                topics.requests(),
                record,
                new ReplayRequest(number, timestamp, now, ReplayRequests.publishedAt(record))));
    }

    /** Waits until every fact published so far is done and its offset committed. */
    void awaitAllCommitted() {
        awaitAllCommitted(group());
    }

    void awaitAllCommitted(String group) {
        await(() -> assertCommitted(group, topics.facts()));
    }

    /** The same while time passes quickly, as for a delivery that has just noticed that it stood still. */
    void awaitAllCommittedInTime() {
        Awaitility.await().pollInterval(Duration.ofMillis(100)).untilAsserted(() -> {
            passTime(Presence.SETTLING.plusSeconds(1));
            assertCommitted(group(), topics.facts());
        });
    }

    /** The ledger: all states of each identifier, in order. */
    Map<String, List<String>> ledger() throws Exception {
        Map<String, List<String>> states = new LinkedHashMap<>();
        for (LedgerEntry entry : ledgerEntries()) {
            states.computeIfAbsent(entry.getIdentifier(), unused -> new ArrayList<>())
                    .add(entry.getState().name());
        }
        return states;
    }

    List<LedgerEntry> ledgerEntries() throws Exception {
        return broker().readAll(topics.ledger()).stream().map(this::entry).toList();
    }

    private LedgerEntry entry(Read read) {
        Decoded<LedgerEntry> decoded = ledger.decode(topics.ledger(), new RecordHeaders(), read.value());
        assertThat(decoded).isInstanceOf(Decoded.Read.class);
        return ((Decoded.Read<LedgerEntry>) decoded).value();
    }

    /** Partition of each identifier. */
    Map<String, Integer> ledgerPartitions() throws Exception {
        return partitions(topics.ledger());
    }

    Map<String, Integer> factPartitionsByPayer() throws Exception {
        return partitions(topics.facts());
    }

    List<Read> deadLetters() throws Exception {
        return broker().readAll(topics.deadLetters());
    }

    Map<Integer, Long> committed() throws Exception {
        return broker().committed(group());
    }

    String factsTopic() {
        return topics.facts();
    }

    private final class Listener implements DeliveryListener {
        @Override
        public void attempted(Answer answer) {
            heard().add("attempt " + answer.getClass().getSimpleName());
        }

        @Override
        public void lookedUp(MinuteSum told) {
            heard().add("looked up " + told.getClass().getSimpleName());
        }

        @Override
        public void settled(Outcome outcome) {
            heard().add("settled " + outcome.getClass().getSimpleName());
        }

        @Override
        public void readAgain() {
            heard().add("read again");
        }

        @Override
        public void requested(String result) {
            heard().add("requested " + result);
        }

        @Override
        public void unreadable(String reason) {
            heard().add("unreadable " + reason);
        }
    }
}
