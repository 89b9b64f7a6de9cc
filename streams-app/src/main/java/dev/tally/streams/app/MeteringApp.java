package dev.tally.streams.app;

import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.topics.Installation;
import dev.tally.schemas.topics.Topics;
import dev.tally.settings.CommonSettings;
import dev.tally.settings.ParsedSettings;
import dev.tally.streams.query.StoreUsageQueries;
import dev.tally.streams.query.UsageQueries;
import dev.tally.streams.topology.AccountSettings;
import dev.tally.streams.topology.IntakeSettings;
import dev.tally.streams.topology.MeteringTopology;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Properties;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TopologyConfig;

/** The topology of one process, running, with the queries over its state. Built in order, closed in reverse. */
final class MeteringApp implements AutoCloseable {

    private static final Duration CLOSE_WITHIN = Duration.ofSeconds(20);

    private final KafkaStreams streams;
    private final UsageQueries queries;
    private final CatalogueCatchUp catchUp;
    private final String applicationId;

    private MeteringApp(KafkaStreams streams, UsageQueries queries, CatalogueCatchUp catchUp, String applicationId) {
        this.streams = streams;
        this.queries = queries;
        this.catchUp = catchUp;
        this.applicationId = applicationId;
    }

    /** Builds everything; the brokers must be reachable and the topics there. */
    static MeteringApp build(MeteringSettings settings, Installation installation, InstantSource clock) {
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
                        installation.identityKey()),
                new AccountSettings(
                        values.string(CommonSettings.ENVIRONMENT),
                        installation.id(),
                        topics.actionsPartitions(),
                        settings.billingSettle(),
                        settings.historyRetention()));
        Properties properties = StreamsProperties.of(settings);
        StreamsConfig config = new StreamsConfig(properties);
        KafkaStreams streams = new KafkaStreams(topology.build(new TopologyConfig(config)), config);
        streams.setUncaughtExceptionHandler(new StreamsFailures(clock));
        UsageQueries queries = new StoreUsageQueries(
                streams, topics, topology.catalogue(), topology.catalogueSerdes(), settings.historyRetention(), clock);
        return new MeteringApp(
                streams,
                queries,
                new CatalogueCatchUp(CommonSettings.kafkaClient(values), topics, serdes),
                values.string(CommonSettings.APPLICATION_ID));
    }

    /** Gets what the intake goes by up to date; before {@link #start}. */
    void catchUp(Admin admin) {
        catchUp.run(admin, applicationId);
    }

    void start() {
        streams.start();
    }

    KafkaStreams streams() {
        return streams;
    }

    UsageQueries queries() {
        return queries;
    }

    @Override
    public void close() {
        streams.close(CLOSE_WITHIN);
    }
}
