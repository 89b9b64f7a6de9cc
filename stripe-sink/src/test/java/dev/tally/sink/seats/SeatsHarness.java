package dev.tally.sink.seats;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.keys.Partitions;
import dev.tally.schemas.SeatChange;
import dev.tally.schemas.SeatLedgerEntry;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.SubscriptionStatus;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.sink.delivery.DeliveryStatus;
import dev.tally.sink.delivery.LifeRunner;
import dev.tally.sink.reporting.RetryRule;
import dev.tally.sink.seats.rules.ItemAnswer;
import dev.tally.sink.seats.rules.SeatOutcome;
import dev.tally.sink.testing.LoopHarness;
import dev.tally.sink.testing.Read;
import dev.tally.sink.testing.StripeItemsFake;
import dev.tally.sink.testing.TestKafka;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;

/** The changes of one test, and processes that work on them. */
final class SeatsHarness extends LoopHarness {
    private final SeatsTopics topics = new SeatsTopics(
            named("seat-changes"), named("stripe-seats"), named("subscriptions"), named("stripe-dead-letters"));
    private final RecordSerde<SeatChange> changes = serdes().of(SeatChange.class);
    private final RecordSerde<SeatLedgerEntry> ledger = serdes().of(SeatLedgerEntry.class);
    private final KafkaConsumer<byte[], byte[]> ledgerReader;
    private final Map<String, SeatLedgerEntry> latest = new TreeMap<>();
    private final AtomicInteger differing = new AtomicInteger();
    private final DeliveryStatus status = new DeliveryStatus();
    private final StripeItemsFake stripe = new StripeItemsFake();
    private Duration debounce = Duration.ZERO;
    private int updatesPerHour = SeatsSettings.UPDATES_PER_HOUR;
    private boolean repair;

    SeatsHarness(TestKafka kafka) throws Exception {
        super(kafka, Instant.parse("2026-11-23T12:00:00Z"));
        broker().createTopics(
                        PARTITIONS, topics.changes(), topics.ledger(), topics.subscriptions(), topics.deadLetters());
        Map<String, Object> config = new HashMap<>(kafka());
        config.put("isolation.level", "read_committed");
        this.ledgerReader = new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        List<TopicPartition> partitions = IntStream.range(0, PARTITIONS)
                .mapToObj(number -> new TopicPartition(topics.ledger(), number))
                .toList();
        ledgerReader.assign(partitions);
        ledgerReader.seekToBeginning(partitions);
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

    LifeRunner start() {
        String transactionalId = named("stripe-seats-" + (started() + 1));
        SeatsSettings settings = new SeatsSettings(
                kafka(),
                topics,
                named("stripe-seats"),
                transactionalId,
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
                serdes().of(Subscription.class),
                new Listener(),
                status,
                this::reached,
                clock(),
                new Random(started() + 1L));
        return live("seats", () -> new SeatsLoop(settings, with));
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
        publish(
                topics.subscriptions(),
                org,
                Subscription.newBuilder()
                        .setSubject(org)
                        .setStripeSeatItemId(item)
                        .setAnchor(StripeItemsFake.PERIOD_START)
                        .setStatus(state)
                        .build());
    }

    void change(String org, long version, long quantity, String day) throws Exception {
        changeBytes(org, bytes(org, version, quantity, day));
    }

    byte[] bytes(String org, long version, long quantity, String day) {
        SeatChange change = new SeatChange(org, quantity, version, Instant.parse(day + "T00:00:00Z"), "cause");
        return changes.serializer().serialize(topics.changes(), new RecordHeaders(), change);
    }

    void changeBytes(String org, byte @Nullable [] value) throws Exception {
        publishBytes(topics.changes(), org, value);
    }

    void removeSubscription(String org) throws Exception {
        publishBytes(topics.subscriptions(), org, null);
    }

    String changesTopic() {
        return topics.changes();
    }

    /** Waits until all changes are taken in and nothing is left to do. */
    void awaitDone() {
        await(() -> {
            assertCommitted(named("stripe-seats"), topics.changes());
            assertThat(ledger().values()).allSatisfy(entry -> {
                assertThat(entry.getState().name()).isNotIn("WAITING", "INTENT", "UNKNOWN");
                assertThat(entry.getPending()).isEmpty();
            });
        });
    }

    /** The latest entry of each org, once transactions are decided. */
    Map<String, SeatLedgerEntry> ledger() throws Exception {
        Map<TopicPartition, Long> ends = new HashMap<>();
        for (TopicPartition partition : ledgerReader.assignment()) {
            ends.put(partition, broker().end(topics.ledger(), partition.partition()));
        }
        while (ends.entrySet().stream().anyMatch(end -> ledgerReader.position(end.getKey()) < end.getValue())) {
            ledgerReader.poll(Duration.ofMillis(20)).forEach(record -> {
                SeatLedgerEntry entry = ledger.deserializer().deserialize(record.topic(), record.value());
                latest.put(entry.getOrg(), entry);
            });
        }
        return latest;
    }

    Map<String, Integer> partitionsOf(String topic) throws Exception {
        return partitions(topic);
    }

    int partition(String org) {
        return Partitions.ofKey(org.getBytes(StandardCharsets.UTF_8), PARTITIONS);
    }

    String ledgerTopic() {
        return topics.ledger();
    }

    /** State of an org, as {@code SENT 7 v2}. */
    String standing(String org) throws Exception {
        SeatLedgerEntry entry = ledger().get(org);
        return entry == null ? "none" : entry.getState() + " " + entry.getQuantity() + " v" + entry.getVersion();
    }

    List<Read> deadLetters() throws Exception {
        return broker().readAll(topics.deadLetters());
    }

    @Override
    public void close() {
        super.close();
        ledgerReader.close();
    }

    private final class Listener implements SeatsListener {
        @Override
        public void answered(ItemAnswer answer) {
            heard().add("answer " + answer.getClass().getSimpleName());
        }

        @Override
        public void ended(SeatOutcome outcome) {
            heard().add(outcome.code());
        }

        @Override
        public void checked(Check result) {
            heard().add("check " + result);
        }

        @Override
        public void differing(int items) {
            differing.set(items);
        }
    }
}
