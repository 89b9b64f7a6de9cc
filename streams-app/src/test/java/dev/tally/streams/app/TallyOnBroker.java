package dev.tally.streams.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.keys.Partitions;
import dev.tally.keys.Subject;
import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.Aggregation;
import dev.tally.schemas.Beyond;
import dev.tally.schemas.BillableFact;
import dev.tally.schemas.LedgerEntry;
import dev.tally.schemas.Limit;
import dev.tally.schemas.LimitWindow;
import dev.tally.schemas.Meter;
import dev.tally.schemas.PayerKind;
import dev.tally.schemas.Phase;
import dev.tally.schemas.Plan;
import dev.tally.schemas.QuotaAlert;
import dev.tally.schemas.Report;
import dev.tally.schemas.Scope;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.SubscriptionStatus;
import dev.tally.schemas.Tick;
import dev.tally.schemas.Trigger;
import dev.tally.schemas.UsageSnapshot;
import dev.tally.schemas.serde.Decoded;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.testing.RegistryFake;
import dev.tally.schemas.topics.Installation;
import dev.tally.schemas.topics.TopicAdmin;
import dev.tally.schemas.topics.TopicReader;
import dev.tally.schemas.topics.Topics;
import dev.tally.settings.CommonSettings;
import dev.tally.settings.SettingsLoader;
import dev.tally.streams.alerts.LoggedAlerts;
import dev.tally.streams.facts.LoggedFacts;
import dev.tally.streams.http.Security;
import dev.tally.streams.query.Answer;
import dev.tally.streams.query.Conservation;
import dev.tally.streams.query.LimitRow;
import dev.tally.streams.state.CatalogueRecords;
import dev.tally.streams.state.CrashHook;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.IntPredicate;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.test.KafkaClusterTestKit;
import org.apache.kafka.common.test.TestKitNodes;
import org.apache.kafka.streams.KafkaStreams;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/** A real broker in this JVM, and instances of the application that a test starts on it. */
final class TallyOnBroker {

    static final int PARTITIONS = 3;
    static final int USERS = 40;

    private final Path stateDirs;
    private final KafkaClusterTestKit broker;
    private final RegistryFake registry = RegistryFake.start();
    private final RecordSerdes serdes = new RecordSerdes(Map.of("schema.registry.url", registry.url()));
    private final KafkaProducer<byte[], byte[]> producer;
    private final AtomicReference<@Nullable Exception> failed = new AtomicReference<>();

    TallyOnBroker(Path stateDirs) throws Exception {
        this.stateDirs = stateDirs;
        broker = new KafkaClusterTestKit.Builder(new TestKitNodes.Builder()
                        .setCombined(true)
                        .setNumBrokerNodes(1)
                        .setNumControllerNodes(1)
                        .build())
                .setConfigProp("offsets.topic.replication.factor", "1")
                .setConfigProp("offsets.topic.num.partitions", "4")
                .setConfigProp("transaction.state.log.replication.factor", "1")
                .setConfigProp("transaction.state.log.min.isr", "1")
                .setConfigProp("transaction.state.log.num.partitions", "4")
                // What a killed instance leaves open is aborted when its time is over, not at the next look after 10 s.
                .setConfigProp("transaction.abort.timed.out.transaction.cleanup.interval.ms", "500")
                .setConfigProp("group.initial.rebalance.delay.ms", "0")
                .build();
        broker.format();
        broker.startup();
        broker.waitForReadyBrokers();
        producer = new KafkaProducer<>(client(), new ByteArraySerializer(), new ByteArraySerializer());
    }

    Map<String, Object> client() {
        return Map.of("bootstrap.servers", broker.bootstrapServers());
    }

    Admin admin() {
        return Admin.create(client());
    }

    /** Topics under a prefix, with a meter that counts actions. */
    Topics newTopics(String prefix) {
        Topics topics = new Topics(prefix, PARTITIONS, PARTITIONS);
        try (Admin admin = admin()) {
            new TopicAdmin(admin).apply(topics.all(), (short) 1);
        }
        publishMeter(topics, "actions");
        return topics;
    }

    void publishMeter(Topics topics, String meterId) {
        Meter meter = new Meter(meterId, Aggregation.COUNT, List.of(), null, List.of(), null);
        send(new ProducerRecord<>(
                topics.meters(),
                meterId.getBytes(StandardCharsets.UTF_8),
                serdes.of(Meter.class).serializer().serialize(topics.meters(), meter)));
        producer.flush();
    }

    void publishMeter(Topics topics, Meter meter) {
        publish(topics.meters(), meter);
        producer.flush();
    }

    void removeMeter(Topics topics, String meterId) {
        send(new ProducerRecord<>(topics.meters(), meterId.getBytes(StandardCharsets.UTF_8), null));
        producer.flush();
    }

    /** How many records of a topic have a key that holds a text. */
    long records(String topic, String inKey) {
        long[] count = {0};
        new TopicReader(client()).readAll(topic, record -> {
            if (new String(record.key(), StandardCharsets.UTF_8).contains(inKey)) {
                count[0]++;
            }
        });
        return count[0];
    }

    /**
     * Publishes actions with the numbers of a range, from producers with foreign partitioners.
     *
     * @param expected to which what must be counted is added, by key of {@code usage}
     * @param twice which numbers are sent twice
     */
    void publish(Topics topics, Random random, int from, int to, Map<String, Long> expected, IntPredicate twice) {
        Instant now = Instant.now();
        for (int i = from; i < to; i++) {
            ActionEvent action = action("e" + i, "u" + random.nextInt(USERS), "o" + random.nextInt(5), now);
            for (int copy = 0; copy < (twice.test(i) ? 2 : 1); copy++) {
                publish(topics, random.nextInt(PARTITIONS), action);
            }
            expect(action, expected);
        }
        flush();
    }

    /** Publishes one more action of each user. */
    void publishOneEach(Topics topics, Map<String, Long> expected) {
        Instant now = Instant.now();
        for (int user = 0; user < USERS; user++) {
            ActionEvent action = action("last", "u" + user, "o1", now);
            publish(topics, user % PARTITIONS, action);
            expect(action, expected);
        }
        flush();
    }

    /** Adds what an action counts, by key of {@code usage}. */
    static void expect(ActionEvent action, Map<String, Long> expected) {
        String day = action.getOccurredAt().toString().substring(0, 10);
        String window = "/actions/DAY/" + day + "T00:00:00Z";
        expected.merge("user:" + action.getUserId() + window, 1L, Long::sum);
        expected.merge("org:" + action.getOrgId() + window, 1L, Long::sum);
    }

    /** Whether an instance says that each user is limited. */
    static boolean areAllLimited(MeteringApp app) {
        return IntStream.range(0, USERS)
                .allMatch(user -> app.queries().limits(Subject.user("u" + user))
                                instanceof Answer.Found<List<LimitRow>>(var found, var stale)
                        && !found.isEmpty());
    }

    void publish(Topics topics, int partition, ActionEvent action) {
        byte[] value = serdes.of(ActionEvent.class).serializer().serialize(topics.actions(), action);
        send(new ProducerRecord<>(topics.actions(), partition, null, value));
    }

    /** Publishes a record that is no action. */
    void publishGarbage(Topics topics) {
        byte[] none = {};
        send(new ProducerRecord<>(topics.actions(), 0, none, none));
        producer.flush();
    }

    static ActionEvent action(String eventId, String userId, String orgId, Instant at) {
        return new ActionEvent(eventId, at, userId, orgId, null, null, "x", Trigger.OTHER, false, Map.of(), null, null);
    }

    private void send(ProducerRecord<byte[], byte[]> record) {
        var unused = producer.send(record, (sent, failure) -> {
            if (failure != null) {
                failed.set(failure);
            }
        });
    }

    /** A plan that limits each user to so many actions a day, and every user subscribed to it. */
    void publishDayLimit(Topics topics, long amount) {
        Instant anchor = Instant.parse("2026-01-01T00:00:00Z");
        Limit limit = new Limit(Scope.USER, "actions", LimitWindow.DAY, amount, Beyond.NOTIFY, List.of(80));
        publish(
                topics.plans(),
                new Plan("limited", 1, PayerKind.USER, List.of(limit), List.of(), null, Report.OVERAGE));
        for (int user = 0; user < USERS; user++) {
            publish(
                    topics.subscriptions(),
                    new Subscription(
                            "user:u" + user,
                            null,
                            null,
                            anchor,
                            SubscriptionStatus.ACTIVE,
                            List.of(new Phase("limited", 1, anchor)),
                            List.of(),
                            null,
                            null,
                            null,
                            List.of(),
                            List.of()));
        }
        producer.flush();
    }

    /** A plan that bills an org for each action, and the org subscribed to it; {@code actions} is a meter of Stripe's. */
    void publishBilledOrg(Topics topics, String orgId) {
        Instant anchor = Instant.parse("2026-01-01T00:00:00Z");
        publish(topics.meters(), new Meter("actions", Aggregation.COUNT, List.of(), null, List.of(), "tally_actions"));
        Limit limit = new Limit(Scope.ORG, "actions", LimitWindow.PERIOD, null, Beyond.BILL, List.of());
        publish(topics.plans(), new Plan("billed", 1, PayerKind.ORG, List.of(limit), List.of(), null, Report.OVERAGE));
        publish(
                topics.subscriptions(),
                new Subscription(
                        "org:" + orgId,
                        "cus_1",
                        null,
                        anchor,
                        SubscriptionStatus.ACTIVE,
                        List.of(new Phase("billed", 1, anchor)),
                        List.of(),
                        null,
                        null,
                        null,
                        List.of(),
                        List.of()));
        producer.flush();
    }

    /** Billable facts as the application tells them, of a payer whose periods have an anchor; every other has no subscription. */
    LoggedFacts loggedFacts(Topics topics, Subject payer, Instant anchor, LoggedFacts.Bounds bounds) {
        return new LoggedFacts(
                client(),
                topics,
                serdes,
                asked -> new Answer.Found<>(asked.equals(payer) ? Optional.of(anchor) : Optional.empty(), false),
                bounds,
                () -> anchor);
    }

    /** Alerts as the application tells them. */
    LoggedAlerts loggedAlerts(Topics topics, LoggedAlerts.Bounds bounds) {
        return new LoggedAlerts(client(), topics, serdes, bounds);
    }

    void publishAlert(Topics topics, QuotaAlert alert) {
        send(new ProducerRecord<>(
                topics.quotaAlerts(),
                alert.getSubject().getBytes(StandardCharsets.UTF_8),
                serdes.of(QuotaAlert.class).serializer().serialize(topics.quotaAlerts(), alert)));
        producer.flush();
    }

    /** Publishes a record that is no alert, under a subject's key. */
    void publishNoAlert(Topics topics, Subject subject) {
        send(new ProducerRecord<>(
                topics.quotaAlerts(), subject.text().getBytes(StandardCharsets.UTF_8), new byte[] {7, 7}));
        producer.flush();
    }

    void publishFact(Topics topics, BillableFact fact) {
        send(new ProducerRecord<>(
                topics.billableUsage(),
                fact.getPayer().getBytes(StandardCharsets.UTF_8),
                serdes.of(BillableFact.class).serializer().serialize(topics.billableUsage(), fact)));
        producer.flush();
    }

    void publishLedgerEntry(Topics topics, byte[] key, LedgerEntry entry) {
        send(new ProducerRecord<>(
                topics.stripeLedger(),
                Partitions.ofKey(entry.getPayer().getBytes(StandardCharsets.UTF_8), topics.subjectPartitions()),
                key,
                serdes.of(LedgerEntry.class).serializer().serialize(topics.stripeLedger(), entry)));
        producer.flush();
    }

    /** Identifiers and amounts of the facts, in their order by partition. */
    List<String> facts(Topics topics) {
        List<String> facts = new ArrayList<>();
        eachFact(topics, fact -> facts.add(fact.getIdentifier() + " " + fact.getAmount()));
        return facts;
    }

    /** Whether the newest sign of life of each intake partition says that it is idle; only such from these offsets on count. */
    boolean areAllIdle(Topics topics, Map<Integer, Long> from) {
        Map<Integer, Boolean> idle = new TreeMap<>();
        new TopicReader(client()).readAll(topics.subjectLog(), record -> {
            if (record.offset() >= from.getOrDefault(record.partition(), 0L)
                    && serdes.of(Tick.class).decode(record.topic(), record.headers(), record.value())
                            instanceof Decoded.Read<Tick>(Tick tick)) {
                idle.put(tick.getIntakePartition(), tick.getIdle());
            }
        });
        return idle.size() == PARTITIONS && !idle.containsValue(false);
    }

    /** Where the subject log ends, by partition. */
    Map<Integer, Long> endsOfSubjectLog(Topics topics) {
        return new TopicReader(client()).ends(topics.subjectLog());
    }

    /** Sum of the facts. */
    long billed(Topics topics) {
        long[] sum = {0};
        eachFact(topics, fact -> sum[0] += fact.getAmount());
        return sum[0];
    }

    private void eachFact(Topics topics, Consumer<BillableFact> each) {
        new TopicReader(client())
                .readAll(
                        topics.billableUsage(),
                        record -> each.accept(serdes.of(BillableFact.class)
                                .deserializer()
                                .deserialize(topics.billableUsage(), record.headers(), record.value())));
    }

    private <T extends SpecificRecord> void publish(String topic, T record) {
        @SuppressWarnings("unchecked")
        Class<T> type = (Class<T>) record.getClass();
        send(new ProducerRecord<>(
                topic,
                CatalogueRecords.keyOf(record).getBytes(StandardCharsets.UTF_8),
                serdes.of(type).serializer().serialize(topic, record)));
    }

    /** Each alert in {@code quota-alerts}, as key of {@code usage} and kind; one that is there twice is twice in the list. */
    List<String> alerts(Topics topics) {
        List<String> alerts = new ArrayList<>();
        new TopicReader(client()).readAll(topics.quotaAlerts(), record -> {
            QuotaAlert alert = serdes.of(QuotaAlert.class)
                    .deserializer()
                    .deserialize(topics.quotaAlerts(), record.headers(), record.value());
            alerts.add("%s/%s/DAY/%s %s"
                    .formatted(alert.getSubject(), alert.getMeter(), alert.getWindowStart(), alert.getKind()));
        });
        alerts.sort(Comparator.naturalOrder());
        return alerts;
    }

    /** Settings of an instance. */
    Map<String, String> settings(String name, Topics topics, String applicationId, Map<String, String> more) {
        Map<String, String> given = new HashMap<>(Map.of(
                "bootstrap.servers",
                broker.bootstrapServers(),
                "schema.registry.url",
                registry.url(),
                "actions.partitions",
                "" + PARTITIONS,
                "subject.partitions",
                "" + PARTITIONS,
                "topic.prefix",
                topics.prefix(),
                "application.id",
                applicationId,
                "state.dir",
                stateDirs.resolve(name).toString(),
                // The least that brokers allow: a stopped instance leaves its group after it.
                "kafka.main.consumer.session.timeout.ms",
                "6000",
                "kafka.main.consumer.heartbeat.interval.ms",
                "1000"));
        given.putAll(more);
        return given;
    }

    /** An instance that is built and not prepared. */
    MeteringApp build(String name, Topics topics, String applicationId, Map<String, String> more) {
        return build(settings(name, topics, applicationId, more), CrashHook.NONE);
    }

    /** An instance that is built and not prepared, with a place to fail. */
    static MeteringApp build(Map<String, String> given, CrashHook crash) {
        MeteringSettings settings =
                new MeteringSettings(SettingsLoader.load(MeteringSettings.define(), Map.of(), Map.of(), given));
        Installation installation = Installation.openOrCreate(
                CommonSettings.kafkaClient(settings.values()), settings.topics(), PARTITIONS, PARTITIONS);
        return MeteringApp.build(
                settings,
                installation,
                InstantSource.system(),
                settings.values().integer(MeteringSettings.HTTP_PORT),
                Security.open(InstantSource.system()).toOthers(),
                crash);
    }

    MeteringApp start(String name, Topics topics, String applicationId) {
        return start(name, topics, applicationId, Map.of());
    }

    MeteringApp start(String name, Topics topics, String applicationId, Map<String, String> more) {
        return start(build(name, topics, applicationId, more), client());
    }

    /** Prepares and starts an instance. */
    static MeteringApp start(MeteringApp app, Map<String, Object> client) {
        try (Admin admin = Admin.create(client)) {
            Awaitility.await()
                    .atMost(Duration.ofMinutes(1))
                    .until(() -> app.prepare(admin).isEmpty());
        }
        app.start();
        return app;
    }

    static void awaitRunning(MeteringApp app) {
        Awaitility.await()
                .atMost(Duration.ofMinutes(1))
                .until(() -> app.streams().state() == KafkaStreams.State.RUNNING
                        && app.streams().metadataForLocalThreads().stream()
                                .anyMatch(thread -> !thread.activeTasks().isEmpty()));
    }

    /** A sum over what an instance says became of its records; -1 while it does not say. */
    static long sum(MeteringApp app, ToLongFunction<Conservation> of) {
        return app.queries().conservation() instanceof Answer.Found<List<Conservation>>(var found, var stale)
                ? found.stream().mapToLong(of).sum()
                : -1;
    }

    /** The latest totals in {@code usage}. */
    Map<String, Long> usage(Topics topics) {
        Map<String, Long> usage = new TreeMap<>();
        new TopicReader(client())
                .readAll(
                        topics.usage(),
                        record -> usage.put(
                                new String(record.key(), StandardCharsets.UTF_8),
                                serdes.of(UsageSnapshot.class)
                                        .deserializer()
                                        .deserialize(topics.usage(), record.headers(), record.value())
                                        .getUsed()));
        return usage;
    }

    void flush() {
        producer.flush();
        assertThat(failed.get()).as("what could not be published").isNull();
    }

    void stop() throws Exception {
        producer.close();
        serdes.close();
        broker.close();
        registry.close();
    }
}
