package dev.tally.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.keys.Subject;
import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.AdmissionCancel;
import dev.tally.schemas.AdmissionDecision;
import dev.tally.schemas.AdmissionRequest;
import dev.tally.schemas.BillableFact;
import dev.tally.schemas.DuplicateActions;
import dev.tally.schemas.Grant;
import dev.tally.schemas.Membership;
import dev.tally.schemas.Meter;
import dev.tally.schemas.MetersApplied;
import dev.tally.schemas.Plan;
import dev.tally.schemas.QuotaAlert;
import dev.tally.schemas.SeatChange;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.UsageSnapshot;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.testing.RegistryFake;
import dev.tally.schemas.topics.Topics;
import dev.tally.streams.state.AccountFigures;
import dev.tally.streams.state.AdmissionState;
import dev.tally.streams.state.CatalogueRecords;
import dev.tally.streams.state.ChangeBoard;
import dev.tally.streams.state.CounterKeys;
import dev.tally.streams.state.CounterKeys.Counter;
import dev.tally.streams.state.Engine;
import dev.tally.streams.state.Freshness;
import dev.tally.streams.state.Numbers;
import dev.tally.streams.state.Repetition;
import dev.tally.streams.state.Replayed;
import dev.tally.streams.state.StoreNames;
import dev.tally.streams.state.Totals;
import dev.tally.streams.state.WindowKeys;
import dev.tally.streams.state.WriteBackStore;
import dev.tally.streams.state.WriteBacks;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.TreeMap;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TopologyConfig;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.test.TestRecord;
import org.jspecify.annotations.Nullable;

/** The whole topology on the test driver, one partition everywhere, with a clock that the test moves. */
final class Pipeline implements AutoCloseable {

    static final Instant START = Instant.parse("2026-11-21T10:00:00Z");
    static final Topics TOPICS = new Topics("", 1, 1);

    private final RegistryFake registry = RegistryFake.start();
    private final RecordSerdes serdes =
            new RecordSerdes(Map.of("schema.registry.url", registry.url(), "auto.register.schemas", true));
    private final Freshness freshness;
    private final AccountFigures figures;
    private final ChangeBoard changes;
    private final TopologyTestDriver driver;
    private Instant now = START;

    Pipeline(Path stateDir) {
        this(stateDir, Engine.FAST);
    }

    Pipeline(Path stateDir, Engine engine) {
        Properties config = config(stateDir);
        MeteringTopology topology = topology(serdes, engine);
        freshness = topology.freshness();
        figures = topology.accountFigures();
        changes = topology.changes();
        driver = new TopologyTestDriver(topology.build(new TopologyConfig(new StreamsConfig(config))), config, START);
    }

    static Properties config(Path stateDir) {
        Properties config = new Properties();
        config.put(StreamsConfig.APPLICATION_ID_CONFIG, "tally");
        config.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "unused:9092");
        config.put(StreamsConfig.STATE_DIR_CONFIG, stateDir.toString());
        config.put(StreamsConfig.ENSURE_EXPLICIT_INTERNAL_RESOURCE_NAMING_CONFIG, true);
        return config;
    }

    static MeteringTopology topology(RecordSerdes serdes, Engine engine) {
        return new MeteringTopology(
                TOPICS,
                serdes,
                new IntakeSettings(
                        Duration.ofHours(72),
                        Duration.ofHours(72),
                        Duration.ofDays(40),
                        Duration.ofMinutes(5),
                        "0123456789abcdef".getBytes(StandardCharsets.UTF_8),
                        1,
                        1 << 20,
                        0),
                new AccountSettings(
                        "test",
                        "i-1",
                        1,
                        Duration.ofMinutes(5),
                        Duration.ofMinutes(1),
                        Duration.ofHours(1),
                        Duration.ofDays(40),
                        10_000),
                WriteBacks.of(engine));
    }

    AccountFigures figures() {
        return figures;
    }

    RecordSerdes serdes() {
        return serdes;
    }

    Instant now() {
        return now;
    }

    void put(SpecificRecord record) {
        String topic = switch (record) {
            case Meter ignored -> TOPICS.meters();
            case Plan ignored -> TOPICS.plans();
            case Subscription ignored -> TOPICS.subscriptions();
            case Grant ignored -> TOPICS.grants();
            default -> TOPICS.memberships();
        };
        send(topic, CatalogueRecords.keyOf(record).getBytes(StandardCharsets.UTF_8), bytes(topic, record));
    }

    void action(ActionEvent event) {
        send(TOPICS.actions(), event.getUserId().getBytes(StandardCharsets.UTF_8), bytes(TOPICS.actions(), event));
    }

    void request(AdmissionRequest request) {
        subjectInput(request.getPayer(), request, new RecordHeaders());
    }

    void cancel(AdmissionCancel cancel) {
        subjectInput(cancel.getPayer(), cancel, new RecordHeaders());
    }

    /** As an instance does that does not have the payer's partition. */
    void fromElsewhere(String payer, SpecificRecord input) {
        RecordHeaders headers = new RecordHeaders();
        Repetition.ask(headers);
        subjectInput(payer, input, headers);
    }

    /** What was said before the state began. */
    void saidBefore(BillableFact fact) {
        subjectInput(fact.getPayer(), fact, new RecordHeaders());
    }

    void saidBefore(SeatChange change) {
        subjectInput(change.getOrg(), change, new RecordHeaders());
    }

    /** A membership that was in force before the state began. */
    void replayed(Membership membership) {
        RecordHeaders headers = new RecordHeaders();
        Replayed.mark(headers, START.minusSeconds(60));
        subjectInput(Subject.org(membership.getOrgId()).text(), membership, headers);
    }

    /** Appends to the subject log, as others than the topology do. */
    private void subjectInput(String key, SpecificRecord input, RecordHeaders headers) {
        Serde<SpecificRecord> serde = serdes.anyOf(
                AdmissionRequest.class, AdmissionCancel.class, BillableFact.class, SeatChange.class, Membership.class);
        send(
                TOPICS.subjectLog(),
                key.getBytes(StandardCharsets.UTF_8),
                serde.serializer().serialize(TOPICS.subjectLog(), input),
                headers);
    }

    void raw(byte[] key, byte @Nullable [] value) {
        send(TOPICS.actions(), key, value);
    }

    private void send(String topic, byte[] key, byte @Nullable [] value) {
        send(topic, key, value, new RecordHeaders());
    }

    private void send(String topic, byte[] key, byte @Nullable [] value, RecordHeaders headers) {
        driver.createInputTopic(topic, new ByteArraySerializer(), new ByteArraySerializer())
                .pipeInput(new TestRecord<>(key, value, headers, now));
    }

    /** Lets time pass; the intake ticks each second. */
    void pass(Duration duration) {
        now = now.plus(duration);
        driver.advanceWallClockTime(duration);
    }

    private <T extends SpecificRecord> byte[] bytes(String topic, SpecificRecord record) {
        @SuppressWarnings("unchecked")
        Class<T> type = (Class<T>) record.getClass();
        RecordSerde<T> serde = serdes.of(type);
        return serde.serializer().serialize(topic, type.cast(record));
    }

    /** Stops and starts the task: nothing but what is stored is left. */
    void restart() {
        DrivenTask.restart(driver);
    }

    /** Has the intake go on as a release does that takes no notes, up to a record of actions; then the task starts anew. */
    void goOnWithoutNotes(long offset) {
        WriteBackStore store = (WriteBackStore)
                Objects.requireNonNull(driver.getAllStateStores().get(StoreNames.INTAKE_COUNTERS));
        ReadPosition position =
                new ReadPosition(CounterKeys.actionsPositionKey(0), "actions-0", store::get, store::put);
        assertThat(position.moveTo(offset, now.plusSeconds(60).toEpochMilli())).isTrue();
        position.save();
        restart();
    }

    List<QuotaAlert> alerts() {
        return driver.createOutputTopic(
                        TOPICS.quotaAlerts(),
                        new StringDeserializer(),
                        serdes.of(QuotaAlert.class).deserializer())
                .readValuesToList();
    }

    List<SeatChange> seatChanges() {
        return driver.createOutputTopic(
                        TOPICS.seatChanges(),
                        new StringDeserializer(),
                        serdes.of(SeatChange.class).deserializer())
                .readValuesToList();
    }

    List<BillableFact> facts() {
        return driver.createOutputTopic(
                        TOPICS.billableUsage(),
                        new StringDeserializer(),
                        serdes.of(BillableFact.class).deserializer())
                .readValuesToList();
    }

    /** Decisions with their keys, since they were last asked for. */
    List<TestRecord<String, AdmissionDecision>> decisions() {
        return driver.createOutputTopic(
                        TOPICS.admissions(),
                        new StringDeserializer(),
                        serdes.of(AdmissionDecision.class).deserializer())
                .readRecordsToList();
    }

    /** How an admission stands, as queries see it. */
    AdmissionState admission(String payer, String actionId) {
        KeyValueStore<Bytes, byte[]> admissions = driver.getKeyValueStore(StoreNames.ACCOUNT_ADMISSIONS);
        return AdmissionState.fromBytes(Objects.requireNonNull(admissions.get(AdmissionState.key(payer, actionId))));
    }

    /** The latest snapshot of a window since usage was last asked for. */
    UsageSnapshot usage(String key) {
        return Objects.requireNonNull(usage().get(key), key);
    }

    Map<String, UsageSnapshot> usage() {
        return new TreeMap<>(driver.createOutputTopic(
                        TOPICS.usage(),
                        new StringDeserializer(),
                        serdes.of(UsageSnapshot.class).deserializer())
                .readKeyValuesToMap());
    }

    /** What the intake has noted. */
    List<SpecificRecord> notes() {
        return driver.createOutputTopic(
                        TOPICS.intakeNotes(),
                        new ByteArrayDeserializer(),
                        serdes.anyOf(DuplicateActions.class, MetersApplied.class)
                                .deserializer())
                .readValuesToList();
    }

    List<TestRecord<byte[], byte[]>> deadLetters() {
        return aside(TOPICS.deadLetters());
    }

    List<TestRecord<byte[], byte[]>> late() {
        return aside(TOPICS.lateActions());
    }

    private List<TestRecord<byte[], byte[]>> aside(String topic) {
        return driver.createOutputTopic(topic, new ByteArrayDeserializer(), new ByteArrayDeserializer())
                .readRecordsToList();
    }

    long counter(Counter counter) {
        WriteBackStore store = (WriteBackStore)
                Objects.requireNonNull(driver.getAllStateStores().get(StoreNames.INTAKE_COUNTERS));
        return Numbers.orElse(store.get(CounterKeys.key(0, counter)), 0);
    }

    /** What a user has used of a meter on a day, as queries see it. */
    long day(Subject user, String meter, Instant day) {
        return Totals.ofNullable(userDays().get(WindowKeys.userDay(user.id(), day)))
                .used(meter);
    }

    /** Sets a day that no action has touched yet. */
    void setDay(String userId, String meter, Instant day, long used) {
        Totals totals = Totals.NONE.plus(List.of(meter), new long[] {used}, true, new long[] {day.toEpochMilli()});
        userDays().put(WindowKeys.userDay(userId, day), totals.toBytes());
    }

    private WriteBackStore userDays() {
        return (WriteBackStore)
                Objects.requireNonNull(driver.getAllStateStores().get(StoreNames.USER_DAYS));
    }

    List<Bytes> openIntervals() {
        KeyValueStore<Bytes, byte[]> open = driver.getKeyValueStore(StoreNames.ACCOUNT_OPEN_INTERVALS);
        List<Bytes> keys = new ArrayList<>();
        try (KeyValueIterator<Bytes, byte[]> all = open.all()) {
            all.forEachRemaining(entry -> keys.add(entry.key));
        }
        return keys;
    }

    ChangeBoard changes() {
        return changes;
    }

    Freshness freshness() {
        return freshness;
    }

    /** Whether state would be stale if nothing came for some time from now. */
    boolean isStale(Freshness.Stage stage, Duration after) {
        return freshness.isStale(stage, 0, now.plus(after));
    }

    @Override
    public void close() {
        driver.close();
        registry.close();
    }
}
