package dev.tally.streams.app;

import dev.tally.schemas.topics.Installation;
import dev.tally.schemas.topics.TopicAdmin;
import dev.tally.schemas.topics.Topics;
import dev.tally.settings.CommonSettings;
import dev.tally.settings.ParsedSettings;
import dev.tally.settings.SettingsException;
import dev.tally.streams.http.HttpApi;
import dev.tally.streams.http.Security;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.streams.KafkaStreams;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One run of the process: HTTP first, then wait for what it needs, then the topology, until it is asked to stop. */
final class Lifecycle implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Lifecycle.class);
    private static final int TRY_EVERY_MILLIS = 500;
    private static final int LOOK_EVERY_SECONDS = 30;
    private static final Set<String> MUST_BE = Set.of("topic", "partitions");
    private static final Set<String> MUST_BE_WITH_A_TEST_CLOCK =
            Set.of("topic", "partitions", TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG);

    private final MeteringSettings settings;
    private final InstantSource clock;
    private final Health health;
    private final Metrics metrics;
    private final CountDownLatch stop = new CountDownLatch(1);
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final Security security;
    private final HttpApi http;
    private volatile CountDownLatch end = new CountDownLatch(1);
    private volatile @Nullable MeteringApp app;

    Lifecycle(MeteringSettings settings, InstantSource clock) {
        this.settings = settings;
        this.clock = clock;
        this.health = new Health(clock);
        this.metrics = new Metrics(health, clock, settings.values().integer(MeteringSettings.NUM_STANDBY_REPLICAS));
        this.security = settings.security(clock);
        security.tls().ifPresent(metrics::bind);
        this.http = new HttpApi(new HttpApi.Collaborators(
                () -> Optional.ofNullable(app).map(MeteringApp::queries),
                () -> Optional.ofNullable(app).map(MeteringApp::requests),
                () -> Optional.ofNullable(app).map(running -> running.answers().local()),
                () -> Optional.ofNullable(app).map(MeteringApp::changes),
                () -> Optional.ofNullable(app).map(MeteringApp::changesHere),
                settings.values().integer(MeteringSettings.HTTP_STREAMS_MAX),
                () -> Optional.ofNullable(app).map(MeteringApp::exports),
                settings.catalogueWritable(),
                health::live,
                health::notReadyBecause,
                metrics::scrape,
                settings.values().string(MeteringSettings.LATENESS_HORIZON),
                clock,
                security));
        metrics.bind(http.liveFigures());
        http.onAnswer(metrics::answered);
    }

    /** Runs until SIGTERM or until the topology gives up; the exit code. */
    int run() {
        Runtime.getRuntime().addShutdownHook(new Thread(this::stopAndWait, "shutdown"));
        ParsedSettings values = settings.values();
        http.start(values.string(MeteringSettings.HTTP_HOST), values.integer(MeteringSettings.HTTP_PORT));
        log.atInfo().addKeyValue("port", http.port()).log("HTTP server listens");
        if (settings.isUnreachableForOthers()) {
            log.atWarn()
                    .log(
                            "http.host is a wildcard and application.server is empty: with a second instance, each answers only for what"
                                    + " it keeps itself");
        }
        try {
            while (true) {
                Optional<MeteringApp> readied = awaitReadied();
                if (readied.isEmpty()) {
                    return 0;
                }
                switch (runUntilItEnds(readied.get())) {
                    case ASKED_TO_STOP -> {
                        return 0;
                    }
                    case GAVE_UP -> {
                        return 1;
                    }
                    case REGISTRY_AWAY -> {
                        health.waitingFor("waiting for the schema registry");
                        app = null;
                        readied.get().close();
                    }
                }
            }
        } catch (SettingsException e) {
            e.problems().forEach(problem -> System.err.println("settings: " + problem));
            return 2;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return 1;
        }
    }

    private enum End {
        ASKED_TO_STOP,
        GAVE_UP,
        REGISTRY_AWAY
    }

    private End runUntilItEnds(MeteringApp running) throws InterruptedException {
        CountDownLatch ended = new CountDownLatch(1);
        end = ended;
        KafkaStreams streams = running.streams();
        streams.setStateListener((now, before) -> {
            log.atInfo().addKeyValue("from", before).addKeyValue("to", now).log("Kafka Streams changed state");
            if (now == KafkaStreams.State.ERROR) {
                ended.countDown();
            }
        });
        metrics.bind(streams, running.answers(), running.idFigures(), running.accountFigures(), running.freshness());
        health.running(streams, running.freshness());
        // A stop that was asked for before this run could be told has nobody else to end it.
        if (stop.getCount() > 0) {
            running.start();
            lookUntil(ended, streams);
        }
        if (stop.getCount() == 0) {
            return End.ASKED_TO_STOP;
        }
        return running.isRegistryAway() ? End.REGISTRY_AWAY : End.GAVE_UP;
    }

    /** Waits for the end, and looks after what no start can tell. */
    private void lookUntil(CountDownLatch ended, KafkaStreams streams) throws InterruptedException {
        InstanceAddresses addresses = new InstanceAddresses(metrics::unaddressed);
        try (Admin admin = Admin.create(client())) {
            while (!ended.await(LOOK_EVERY_SECONDS, TimeUnit.SECONDS)) {
                addresses.look(admin, settings.values().string(CommonSettings.APPLICATION_ID), streams);
            }
        } catch (KafkaException e) {
            log.atWarn().setCause(e).log("It is not looked whether each instance has an address of its own");
            ended.await();
        }
    }

    /** Of a client that is not waited for long. */
    private Map<String, Object> client() {
        Map<String, Object> client = new HashMap<>(CommonSettings.kafkaClient(settings.values()));
        client.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, 5_000);
        client.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, 5_000);
        return client;
    }

    /**
     * Waits until the brokers answer, all topics are there and the catalogue is caught up with; empty when asked to stop
     * meanwhile.
     */
    private Optional<MeteringApp> awaitReadied() throws InterruptedException {
        Topics topics = settings.topics();
        String lastReason = "";
        try (Admin admin = Admin.create(client())) {
            do {
                String reason;
                try {
                    List<String> problems = problems(new TopicAdmin(admin), topics, settings.hasTestClock());
                    if (problems.isEmpty()) {
                        MeteringApp built = app == null ? build(topics) : app;
                        app = built;
                        Optional<String> inTheWay = built.prepare(admin);
                        if (inTheWay.isEmpty()) {
                            return Optional.of(built);
                        }
                        reason = inTheWay.get();
                    } else {
                        reason = "waiting for topics (tally topics apply creates them): " + String.join(", ", problems);
                    }
                } catch (KafkaException e) {
                    reason = "waiting for Kafka at " + settings.values().string(CommonSettings.BOOTSTRAP_SERVERS)
                            + " or the schema registry: " + e.getMessage();
                }
                health.waitingFor(reason);
                if (!reason.equals(lastReason)) {
                    log.atWarn().addKeyValue("reason", reason).log("Not started yet");
                    lastReason = reason;
                }
            } while (!stop.await(TRY_EVERY_MILLIS, TimeUnit.MILLISECONDS));
        }
        return Optional.empty();
    }

    private MeteringApp build(Topics topics) {
        Installation installation = Installation.openOrCreate(
                CommonSettings.kafkaClient(settings.values()),
                topics,
                topics.actionsPartitions(),
                topics.subjectPartitions());
        return MeteringApp.build(settings, installation, clock, http.port(), security.toOthers());
    }

    /**
     * Topics that are missing or have another number of partitions, or whose records would not carry the time of a test clock; other drift
     * does not keep the app from working.
     */
    private static List<String> problems(TopicAdmin admin, Topics topics, boolean testClock) {
        Set<String> mustBe = testClock ? MUST_BE_WITH_A_TEST_CLOCK : MUST_BE;
        return admin.check(topics.all()).stream()
                .filter(drift -> mustBe.contains(drift.what()))
                .map(drift -> drift.topic() + ": " + drift.what() + " should be " + drift.expected() + ", is "
                        + drift.actual())
                .toList();
    }

    private void stopAndWait() {
        stop.countDown();
        end.countDown();
        try {
            if (!stopped.await(30, TimeUnit.SECONDS)) {
                log.atWarn().log("Stopped before everything was closed");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        http.endStreams();
        MeteringApp running = app;
        if (running != null) {
            running.close();
        }
        http.close();
        metrics.close();
        stopped.countDown();
    }
}
