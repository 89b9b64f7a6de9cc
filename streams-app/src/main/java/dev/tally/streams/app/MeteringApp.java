package dev.tally.streams.app;

import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.topics.Installation;
import dev.tally.schemas.topics.Topics;
import dev.tally.settings.CommonSettings;
import dev.tally.settings.ParsedSettings;
import dev.tally.streams.export.ActionExports;
import dev.tally.streams.export.LoggedActions;
import dev.tally.streams.http.live.ChangesAnywhere;
import dev.tally.streams.query.Changes;
import dev.tally.streams.query.InstanceClient;
import dev.tally.streams.query.StoreAdmissionStates;
import dev.tally.streams.query.StoreCatalogue;
import dev.tally.streams.query.StoreUsageQueries;
import dev.tally.streams.query.UsageQueries;
import dev.tally.streams.requests.Requests;
import dev.tally.streams.state.AccountFigures;
import dev.tally.streams.state.AdmissionState;
import dev.tally.streams.state.CrashHook;
import dev.tally.streams.state.Freshness;
import dev.tally.streams.state.StoreNames;
import dev.tally.streams.state.WriteBacks;
import dev.tally.streams.state.ids.IdMemory;
import dev.tally.streams.topology.AccountSettings;
import dev.tally.streams.topology.IntakeSettings;
import dev.tally.streams.topology.MeteringTopology;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TopologyConfig;

/** The topology of one process, running, with the queries over its state. Built in order, closed in reverse. */
final class MeteringApp implements AutoCloseable {

    private static final Duration CLOSE_WITHIN = Duration.ofSeconds(20);

    /** How the accounts stage keeps an admission. */
    private static final StoreAdmissionStates.Format ADMISSIONS = new StoreAdmissionStates.Format(
            AdmissionState::key, value -> AdmissionState.fromBytes(value).decision());

    private final KafkaStreams streams;
    private final Answers answers;
    private final CatalogueCatchUp catchUp;
    private final EarlierOutputs earlier;
    private final StartPositions positions;
    private final StreamsFailures failures;
    private final MeteringTopology topology;
    private final Changes changesHere;
    private final ChangesAnywhere changes;
    private final RecordSerdes serdes;
    private final String applicationId;
    private final WritePath writePath;
    private final LoggedActions exports;

    private MeteringApp(
            KafkaStreams streams,
            Answers answers,
            CatalogueCatchUp catchUp,
            EarlierOutputs earlier,
            StartPositions positions,
            StreamsFailures failures,
            MeteringTopology topology,
            RecordSerdes serdes,
            String applicationId,
            WritePath writePath,
            LoggedActions exports) {
        this.streams = streams;
        this.answers = answers;
        this.catchUp = catchUp;
        this.earlier = earlier;
        this.positions = positions;
        this.failures = failures;
        this.topology = topology;
        this.changesHere = topology.changes()::watch;
        this.changes = new ChangesAnywhere(
                changesHere, answers.owners()::elsewhere, answers.others().calls());
        this.serdes = serdes;
        this.applicationId = applicationId;
        this.writePath = writePath;
        this.exports = exports;
    }

    /**
     * Builds everything; the brokers must be reachable and the topics there.
     *
     * @param httpPort that the HTTP server listens on
     * @param others the way to other instances, closed with this
     */
    static MeteringApp build(
            MeteringSettings settings,
            Installation installation,
            InstantSource clock,
            int httpPort,
            InstanceClient others) {
        return build(settings, installation, clock, httpPort, others, CrashHook.NONE);
    }

    static MeteringApp build(
            MeteringSettings settings,
            Installation installation,
            InstantSource clock,
            int httpPort,
            InstanceClient others,
            CrashHook crash) {
        ParsedSettings values = settings.values();
        Topics topics = settings.topics();
        RecordSerdes serdes = new RecordSerdes(CommonSettings.serde(values));
        MeteringTopology topology = new MeteringTopology(
                topics,
                serdes,
                new IntakeSettings(
                        settings.latenessHorizon(),
                        settings.dedupHorizon(),
                        settings.historyRetention(),
                        settings.billingInterval(),
                        installation.identityKey(),
                        topics.actionsPartitions(),
                        Math.max(1 << 20, settings.dedupMemory() / topics.actionsPartitions()),
                        installation.resets()),
                new AccountSettings(
                        values.string(CommonSettings.ENVIRONMENT),
                        installation.id(),
                        topics.actionsPartitions(),
                        settings.billingInterval(),
                        settings.billingSettle(),
                        settings.invoiceGrace(),
                        settings.historyRetention(),
                        settings.queueMax()),
                new WriteBacks(settings.engine(), crash));
        String self = settings.applicationServer(httpPort);
        Properties properties = StreamsProperties.of(settings, installation.resets());
        properties.put(StreamsConfig.APPLICATION_SERVER_CONFIG, self);
        StreamsConfig config = new StreamsConfig(properties);
        ConsumerLag lag = new ConsumerLag(config.getKafkaClientSupplier());
        KafkaStreams streams = new KafkaStreams(
                topology.build(new TopologyConfig(config)),
                properties,
                lag,
                settings.hasTestClock() ? new StreamsTime(clock) : Time.SYSTEM);
        topology.lag().from(lag);
        StreamsFailures failures = new StreamsFailures(clock, pause -> LockSupport.parkNanos(pause.toNanos()));
        streams.setUncaughtExceptionHandler(failures);
        streams.setGlobalStateRestoreListener(new RestoreCrashPoint(crash));
        StoreUsageQueries.Topology state =
                new StoreUsageQueries.Topology(topology.catalogue(), topology.catalogueSerdes(), topology.freshness());
        Answers answers = Answers.of(streams, self, others, topics, state, settings.historyRetention(), clock);
        Map<String, Object> client = CommonSettings.kafkaClient(values);
        String applicationId = values.string(CommonSettings.APPLICATION_ID);
        return new MeteringApp(
                streams,
                answers,
                new CatalogueCatchUp(client, topics, serdes, topology::subjectLogRecords, topology.replaced()),
                new EarlierOutputs(client, topics, serdes, topology::subjectLogRecords, installation.resets()),
                new StartPositions(client, topics, applicationId, StoreNames.INTAKE_COUNTERS),
                failures,
                topology,
                serdes,
                applicationId,
                WritePath.open(
                        client,
                        topology,
                        serdes,
                        topics,
                        new WritePath.Stores(
                                new StoreCatalogue(streams, topics, state, answers.anywhere(), clock),
                                new StoreAdmissionStates(streams, topics, topology.freshness(), clock, ADMISSIONS),
                                answers.anywhere()),
                        clock),
                new LoggedActions(
                        client, topics, applicationId, installation.resets(), serdes, topology.catalogue(), clock));
    }

    /**
     * Gets everything ready that must be before {@link #start}.
     *
     * @return what is still in the way; empty when it can start
     * @throws org.apache.kafka.common.KafkaException when the brokers or the schema registry cannot be asked; may be tried again
     */
    Optional<String> prepare(Admin admin) {
        List<String> problems = positions.take(admin);
        if (!problems.isEmpty()) {
            return Optional.of("input or state is missing; see \"Input was deleted before it was read\" in"
                    + " docs/operations.md: "
                    + String.join("; ", problems));
        }
        topology.registerInputs();
        if (earlier.areToBeTold() || !positions.hasState(admin)) {
            earlier.tell();
        }
        return catchUp.run(admin, applicationId)
                ? Optional.empty()
                : Optional.of("waiting for another instance to complete the intake's copy of the catalogue");
    }

    void start() {
        writePath.start();
        changes.start();
        // Returns when the copy of the catalogue has been read to its end.
        streams.start();
        topology.catalogue().completed();
    }

    KafkaStreams streams() {
        return streams;
    }

    Freshness freshness() {
        return topology.freshness();
    }

    /** Whether the topology stopped because the schema registry was away. */
    boolean isRegistryAway() {
        return failures.isRegistryAway();
    }

    /** What the memories of ids tell, by partition. */
    AccountFigures accountFigures() {
        return topology.accountFigures();
    }

    Map<Integer, IdMemory.Figures> idFigures() {
        return topology.idFigures();
    }

    /** Who says whose usage has changed, wherever it is kept. */
    Changes changes() {
        return changes;
    }

    /** The same of what is kept on this instance. */
    Changes changesHere() {
        return changesHere;
    }

    /** Answers about any subject, wherever it is kept. */
    UsageQueries queries() {
        return answers.anywhere();
    }

    /** Answers from this instance alone. */
    Answers answers() {
        return answers;
    }

    ActionExports exports() {
        return exports;
    }

    Requests requests() {
        return writePath.requests();
    }

    @Override
    public void close() {
        changes.close();
        exports.close();
        writePath.close();
        streams.close(CLOSE_WITHIN);
        answers.close();
        serdes.close();
    }
}
