package dev.tally.streams.topology;

import dev.tally.keys.Subject;
import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.AdmissionCancel;
import dev.tally.schemas.AdmissionDecision;
import dev.tally.schemas.AdmissionRequest;
import dev.tally.schemas.BillableFact;
import dev.tally.schemas.CatalogueRemoval;
import dev.tally.schemas.DuplicateActions;
import dev.tally.schemas.Grant;
import dev.tally.schemas.Membership;
import dev.tally.schemas.Meter;
import dev.tally.schemas.MetersApplied;
import dev.tally.schemas.Plan;
import dev.tally.schemas.QuotaAlert;
import dev.tally.schemas.SeatChange;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.Tick;
import dev.tally.schemas.UsageSnapshot;
import dev.tally.schemas.UsageSum;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.topics.Topics;
import dev.tally.streams.state.AccountCatalogue;
import dev.tally.streams.state.AccountFigures;
import dev.tally.streams.state.CatalogueKind;
import dev.tally.streams.state.CatalogueRecords;
import dev.tally.streams.state.CatalogueView;
import dev.tally.streams.state.ChangeBoard;
import dev.tally.streams.state.DecisionBoard;
import dev.tally.streams.state.Freshness;
import dev.tally.streams.state.Homes;
import dev.tally.streams.state.InputLag;
import dev.tally.streams.state.ReplacedRecords;
import dev.tally.streams.state.StoreNames;
import dev.tally.streams.state.WriteBacks;
import dev.tally.streams.state.ids.IdMemory;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.AutoOffsetReset;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyConfig;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;
import org.jspecify.annotations.Nullable;

/**
 * The data flow, top to bottom.
 *
 * <pre>
 *  actions --&gt; bring-home --&gt; intake --&gt; subject-log --&gt; accounts --&gt; usage, quota-alerts, billable-usage,
 *                  |            ^  |          ^                                 seat-changes, admissions
 *            actions-home --&gt; arrive-home     |
 *                                  |          |
 *    dead-letters, late-actions, intake-notes |
 *  meters, plans, subscriptions, grants, memberships --&gt; catalogue --&gt; catalogue-in-force --&gt; (global copy, read by intake)
 * </pre>
 */
public final class MeteringTopology {

    private static final ByteArraySerializer BYTES_OUT = new ByteArraySerializer();
    private static final ByteArrayDeserializer BYTES_IN = new ByteArrayDeserializer();

    private final Topics topics;
    private final RecordSerdes serdes;
    private final IntakeSettings intake;
    private final AccountSettings accounts;
    private final WriteBacks writeBacks;
    private final Serde<SpecificRecord> subjectInputs;
    private final CatalogueRecords catalogueRecords;
    private final CatalogueView catalogue;
    private final Freshness freshness = new Freshness();
    private final ReplacedRecords replaced = new ReplacedRecords();
    private final InputLag lag = new InputLag();
    private final Map<Integer, IdMemory.Figures> idFigures = new ConcurrentHashMap<>();
    private final EarlyCommit.Turns commitTurns = new EarlyCommit.Turns();
    private final DecisionBoard decisions = new DecisionBoard();
    private final AccountFigures accountFigures = new AccountFigures();
    private final ChangeBoard changes = new ChangeBoard();

    /** A topology over these topics; nothing is started. */
    public MeteringTopology(
            Topics topics,
            RecordSerdes serdes,
            IntakeSettings intake,
            AccountSettings accounts,
            WriteBacks writeBacks) {
        this.topics = topics;
        this.serdes = serdes;
        this.intake = intake;
        this.accounts = accounts;
        this.writeBacks = writeBacks;
        this.subjectInputs = serdes.anyOf(
                UsageSum.class,
                Tick.class,
                Meter.class,
                Plan.class,
                Subscription.class,
                Grant.class,
                Membership.class,
                CatalogueRemoval.class,
                AdmissionRequest.class,
                AdmissionCancel.class,
                BillableFact.class,
                SeatChange.class);
        this.catalogueRecords = new CatalogueRecords(serdes);
        this.catalogue = new CatalogueView(catalogueRecords, topics.catalogueInForce());
    }

    /** The catalogue that the intake of this process goes by. */
    public CatalogueView catalogue() {
        return catalogue;
    }

    /** What the stream threads of this process note about their partitions. */
    public Freshness freshness() {
        return freshness;
    }

    /** The catalogue records that the catalogue stage passes over. */
    public ReplacedRecords replaced() {
        return replaced;
    }

    /** What the memories of ids of this process tell, by partition of {@code actions}; changes as they work. */
    public Map<Integer, IdMemory.Figures> idFigures() {
        return idFigures;
    }

    /** How far the intake is behind its input; without a source it is taken not to be. */
    public InputLag lag() {
        return lag;
    }

    /** Where the accounts stage of this process shows its admission decisions. */
    public DecisionBoard decisions() {
        return decisions;
    }

    /** What the catalogue and accounts stages of this process count; changes as they work. */
    public AccountFigures accountFigures() {
        return accountFigures;
    }

    /** Where the stream threads of this process say whose figures they have changed. */
    public ChangeBoard changes() {
        return changes;
    }

    /** Serdes of the catalogue records that the accounts stage keeps. */
    public AccountCatalogue.CatalogueSerdes catalogueSerdes() {
        return new AccountCatalogue.CatalogueSerdes(serdes, topics.subjectLog());
    }

    /**
     * Registers the schema of what is sent whenever the topology runs, which shows whether the registry is there.
     *
     * @throws org.apache.kafka.common.KafkaException when it is not
     */
    public void registerInputs() {
        byte[] unused = subjectInputs
                .serializer()
                .serialize(topics.subjectLog(), new Tick(0, Instant.EPOCH, Instant.EPOCH, null, true, 0L));
    }

    /**
     * What a catalogue record brings to the subject log, as the catalogue stage would send it.
     *
     * @param record null where the record of the key is removed
     */
    public List<ProducerRecord<byte[], byte[]>> subjectLogRecords(
            CatalogueKind kind, String key, @Nullable SpecificRecord record) {
        CatalogueInput input = record == null ? CatalogueInput.removal(kind, key) : CatalogueInput.put(key, record);
        byte[] logKey = input.key().getBytes(StandardCharsets.UTF_8);
        byte[] value = subjectInputs.serializer().serialize(topics.subjectLog(), input.input());
        return MessagePartitioners.concernsAll(input.input())
                ? IntStream.range(0, topics.subjectPartitions())
                        .mapToObj(partition -> new ProducerRecord<>(topics.subjectLog(), partition, logKey, value))
                        .toList()
                : List.of(new ProducerRecord<>(topics.subjectLog(), logKey, value));
    }

    /** What a request about an admission brings to the log of its payer. */
    public ProducerRecord<byte[], byte[]> subjectLogRecord(Subject payer, SpecificRecord request) {
        return new ProducerRecord<>(
                topics.subjectLog(),
                Homes.accountKey(payer),
                subjectInputs.serializer().serialize(topics.subjectLog(), request));
    }

    /** The topology. */
    public Topology build(TopologyConfig config) {
        Topology topology = new Topology(config);
        addIntake(topology);
        addCatalogue(topology);
        addAccounts(topology);
        return topology;
    }

    private void addIntake(Topology topology) {
        RecordSerde<ActionEvent> actions = serdes.of(ActionEvent.class);
        EarlyCommits actionCommits = new EarlyCommits(this::isCaughtUp, commitTurns);
        input(topology, Names.ACTIONS_SOURCE, topics.actions());
        input(topology, Names.ACTIONS_HOME_SOURCE, topics.actionsHome());
        topology.addProcessor(
                Names.BRING_HOME,
                () -> new BringHomeProcessor(actions, accounts.intakePartitions(), actionCommits),
                Names.ACTIONS_SOURCE);
        topology.addProcessor(
                Names.ARRIVE_HOME,
                () -> new ArriveHomeProcessor(actions, accounts.intakePartitions()),
                Names.ACTIONS_HOME_SOURCE);
        topology.addProcessor(
                Names.INTAKE,
                () -> new IntakeProcessor(intake, catalogue, freshness, actionCommits, idFigures, changes),
                Names.BRING_HOME,
                Names.ARRIVE_HOME);
        topology.addStateStore(
                writeBacks.store(StoreNames.INTAKE_COUNTERS), Names.BRING_HOME, Names.ARRIVE_HOME, Names.INTAKE);
        topology.addStateStore(writeBacks.store(StoreNames.EVENT_IDS), Names.INTAKE);
        topology.addStateStore(writeBacks.store(StoreNames.USER_DAYS), Names.INTAKE);

        topology.addSink(
                Names.ACTIONS_HOME_SINK, topics.actionsHome(), BYTES_OUT, MessageSerializers.raw(), Names.BRING_HOME);
        topology.addSink(
                Names.DEAD_LETTERS_SINK,
                topics.deadLetters(),
                BYTES_OUT,
                MessageSerializers.raw(),
                MessagePartitioners::asItCame,
                Names.INTAKE);
        topology.addSink(
                Names.LATE_ACTIONS_SINK,
                topics.lateActions(),
                BYTES_OUT,
                MessageSerializers.raw(),
                MessagePartitioners::asItCame,
                Names.INTAKE);
        topology.addSink(
                Names.INTAKE_NOTES_SINK,
                topics.intakeNotes(),
                BYTES_OUT,
                MessageSerializers.note(serdes.anyOf(DuplicateActions.class, MetersApplied.class)),
                MessagePartitioners::ofItsActions,
                Names.INTAKE);
        topology.addSink(
                Names.INTAKE_LOG_SINK,
                topics.subjectLog(),
                BYTES_OUT,
                MessageSerializers.subjectInput(subjectInputs),
                MessagePartitioners.subjectLog(),
                Names.INTAKE);
    }

    private void addCatalogue(Topology topology) {
        topology.addGlobalStore(
                store(StoreNames.CATALOGUE_IN_FORCE).withLoggingDisabled().withCachingDisabled(),
                Names.CATALOGUE_VIEW_SOURCE,
                BYTES_IN,
                BYTES_IN,
                topics.catalogueInForce(),
                Names.CATALOGUE_VIEW,
                () -> new CatalogueUpdater(catalogue));
        Map<String, CatalogueKind> kinds = CatalogueKind.byTopic(topics);
        compactedInput(
                topology,
                Names.CATALOGUE_SOURCE,
                kinds.keySet().stream().sorted().toArray(String[]::new));
        topology.addProcessor(
                Names.CATALOGUE,
                () -> new CatalogueProcessor(
                        catalogueRecords,
                        kinds,
                        replaced,
                        // Whoever changes the catalogue waits for it to be in force, however long ago the record was
                        // written.
                        new EarlyCommits(partition -> true, commitTurns),
                        accountFigures::countRefused),
                Names.CATALOGUE_SOURCE);
        topology.addSink(
                Names.CATALOGUE_LOG_SINK,
                topics.subjectLog(),
                BYTES_OUT,
                MessageSerializers.subjectInput(subjectInputs),
                MessagePartitioners.subjectLog(),
                Names.CATALOGUE);
        topology.addSink(
                Names.CATALOGUE_IN_FORCE_SINK,
                topics.catalogueInForce(),
                BYTES_OUT,
                MessageSerializers.raw(),
                Names.CATALOGUE);
        topology.addSink(
                Names.CATALOGUE_DEAD_LETTERS_SINK,
                topics.deadLetters(),
                BYTES_OUT,
                MessageSerializers.raw(),
                MessagePartitioners::asItCame,
                Names.CATALOGUE);
    }

    private void addAccounts(Topology topology) {
        input(topology, Names.SUBJECT_LOG_SOURCE, topics.subjectLog());
        AccountCatalogue.CatalogueSerdes stored = catalogueSerdes();
        topology.addProcessor(
                Names.ACCOUNTS,
                () -> new AccountsProcessor(
                        accounts,
                        subjectInputs,
                        stored,
                        topics.subjectLog(),
                        freshness,
                        new EarlyCommits(partition -> lag.isCaughtUp(topics.subjectLog(), partition), commitTurns),
                        writeBacks.crash(),
                        decisions,
                        accountFigures,
                        changes),
                Names.SUBJECT_LOG_SOURCE);
        for (String name : List.of(
                StoreNames.ACCOUNT_CLOCK,
                StoreNames.ACCOUNT_WINDOWS,
                StoreNames.ACCOUNT_SPLITS,
                StoreNames.ACCOUNT_CHARGES,
                StoreNames.ACCOUNT_GRANTS,
                StoreNames.ACCOUNT_INTERVALS,
                StoreNames.ACCOUNT_ACTIVITY)) {
            topology.addStateStore(writeBacks.store(name), Names.ACCOUNTS);
        }
        for (String name : List.of(
                StoreNames.ACCOUNT_CATALOGUE,
                StoreNames.ACCOUNT_OPEN_INTERVALS,
                StoreNames.ACCOUNT_WAKES,
                StoreNames.ACCOUNT_ADMISSIONS)) {
            topology.addStateStore(store(name), Names.ACCOUNTS);
        }
        topology.addSink(
                Names.USAGE_SINK,
                topics.usage(),
                BYTES_OUT,
                MessageSerializers.snapshot(serdes.of(UsageSnapshot.class)),
                Names.ACCOUNTS);
        topology.addSink(
                Names.QUOTA_ALERTS_SINK,
                topics.quotaAlerts(),
                BYTES_OUT,
                MessageSerializers.alert(serdes.of(QuotaAlert.class)),
                Names.ACCOUNTS);
        topology.addSink(
                Names.BILLABLE_USAGE_SINK,
                topics.billableUsage(),
                BYTES_OUT,
                MessageSerializers.fact(serdes.of(BillableFact.class)),
                Names.ACCOUNTS);
        topology.addSink(
                Names.SEAT_CHANGES_SINK,
                topics.seatChanges(),
                BYTES_OUT,
                MessageSerializers.seat(serdes.of(SeatChange.class)),
                Names.ACCOUNTS);
        topology.addSink(
                Names.ADMISSIONS_SINK,
                topics.admissions(),
                BYTES_OUT,
                MessageSerializers.decision(serdes.of(AdmissionDecision.class)),
                Names.ACCOUNTS);
    }

    private boolean isCaughtUp(int partition) {
        return lag.isCaughtUp(topics.actions(), partition) && lag.isCaughtUp(topics.actionsHome(), partition);
    }

    /**
     * A topic of which nothing may be left out: where there is no position, or the position's record is gone, its thread fails. The
     * positions to begin with are set before the start.
     */
    private static void input(Topology topology, String name, String topic) {
        topology.addSource(AutoOffsetReset.none(), name, new AppendTime(), BYTES_IN, BYTES_IN, topic);
    }

    /** A topic that says the same when it is read again from its beginning. */
    private static void compactedInput(Topology topology, String name, String... topicNames) {
        topology.addSource(AutoOffsetReset.earliest(), name, new AppendTime(), BYTES_IN, BYTES_IN, topicNames);
    }

    /** A persistent store with a changelog, and a cache that shows uncommitted values to queries and writes each key once a commit. */
    private static StoreBuilder<KeyValueStore<Bytes, byte[]>> store(String name) {
        return Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(name), Serdes.Bytes(), Serdes.ByteArray())
                .withCachingEnabled();
    }
}
