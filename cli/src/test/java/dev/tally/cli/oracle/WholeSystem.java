package dev.tally.cli.oracle;

import dev.tally.cli.standin.StandIn;
import dev.tally.cli.standin.StandInOptions;
import dev.tally.clock.ClockStamps;
import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.BillableFact;
import dev.tally.schemas.topics.Topics;
import dev.tally.sink.delivery.DeliveryTopics;
import dev.tally.streams.query.Conservation;
import dev.tally.streams.state.CatalogueRecords;
import dev.tally.streams.state.Engine;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.ToLongFunction;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;

/**
 * The whole way on topics of its own and in a time of its own: actions that are published, streams-app, the sink, and a stand-in for
 * Stripe. What each of them is told to suffer is for the scenario to say.
 */
final class WholeSystem implements AutoCloseable {
    static final int PARTITIONS = 2;

    private static final Duration LONG_ENOUGH = Duration.ofSeconds(90);
    private static final Duration A_MOMENT = Duration.ofMillis(200);
    /** More than a tick: an intake without input says so after a few of them. */
    static final Duration TICK = Duration.ofSeconds(4);

    /**
     * What differs between systems.
     *
     * @param name of all that it owns on the stage
     * @param interval of billing
     * @param streamed whether facts go through Stripe's stream
     * @param lagging whether Stripe's sums show late what it took
     * @param stripped whether identifiers are taken off what goes to Stripe: the mutant that the verdict must notice
     * @param stripe how the stand-in behaves
     */
    record Setting(
            String name,
            long seed,
            Engine engine,
            Duration interval,
            int streamThreads,
            int callsPerSecond,
            boolean streamed,
            boolean lagging,
            boolean stripped,
            StandInOptions stripe) {}

    private final Stage stage;
    private final Setting setting;
    private final Usage usage;
    private final Topics topics;
    private final DeliveryTopics deliveryTopics;
    private final VirtualClock clock;
    private final StandIn standIn;
    private final StripeEnd stripe;
    private final Lives sinks;
    private final Apps apps;
    private Duration interval;

    /** Starts everything; the catalogue is published, no action yet. */
    WholeSystem(Stage stage, Setting setting, Usage usage, Progress progress, Happenings happenings) throws Exception {
        this.stage = stage;
        this.setting = setting;
        this.usage = usage;
        interval = setting.interval();
        topics = new Topics(setting.name() + ".", PARTITIONS, PARTITIONS, true);
        deliveryTopics = new DeliveryTopics(
                topics.billableUsage(), topics.stripeLedger(), topics.stripeDeadLetters(), topics.stripeRequests());
        Path folder = Files.createDirectories(folder(stage, setting.name()));
        Path time = folder.resolve("clock");
        clock = new VirtualClock(time);
        Map<String, Object> client = ClockStamps.client(stage.broker().clientConfig(), time.toString());
        stage.broker().create(topics);
        standIn = StandIn.start(setting.stripe(), clock);
        stripe = new StripeEnd(stage.http(), standIn.url());
        sinks = new Lives(sinkSetting(client), progress, happenings, setting.seed());
        apps = new Apps(
                new Apps.Setting(
                        stage.broker().admin(),
                        client,
                        topics,
                        setting.name() + ".app",
                        appSettings(time),
                        folder.resolve("disks")),
                progress,
                happenings);
        publishCatalogue();
        apps.start();
        sinks.start();
    }

    /** Where a system of that name keeps its files. */
    static Path folder(Stage stage, String name) {
        return stage.directory().resolve(name);
    }

    VirtualClock clock() {
        return clock;
    }

    StripeEnd stripe() {
        return stripe;
    }

    Lives sinks() {
        return sinks;
    }

    Apps apps() {
        return apps;
    }

    private Lives.Setting sinkSetting(Map<String, Object> client) {
        return new Lives.Setting(
                client,
                deliveryTopics,
                setting.name() + ".sink",
                standIn.url(),
                stage.serdes(),
                clock,
                setting.callsPerSecond(),
                setting.lagging() ? Scenario.LAG.multipliedBy(2) : Scenario.NO_LAG,
                setting.streamed(),
                setting.stripped());
    }

    private Map<String, String> appSettings(Path time) {
        Map<String, String> settings = new HashMap<>();
        settings.put(
                "bootstrap.servers",
                String.valueOf(stage.broker().clientConfig().get("bootstrap.servers")));
        settings.put("schema.registry.url", stage.registry().url());
        settings.put("clock", time.toString());
        settings.put("topic.prefix", topics.prefix());
        settings.put("application.id", setting.name() + ".app");
        settings.put("actions.partitions", Integer.toString(topics.actionsPartitions()));
        settings.put("subject.partitions", Integer.toString(topics.subjectPartitions()));
        settings.put("engine", setting.engine().name().toLowerCase(Locale.ROOT));
        settings.put("billing.interval", minutes(interval));
        // What travels comes after what does not, however old it is.
        settings.put("lateness.horizon", (usage.isScattered() ? Duration.ofDays(30) : Usage.HORIZON).toHours() + "h");
        settings.put("num.stream.threads", Integer.toString(setting.streamThreads()));
        settings.put("rocksdb.memory", "64MB");
        // Small steps, so that points are reached in the midst of the input; and who is gone is soon noticed. Who
        // stands still is noticed later: an instance that opens its stores does not poll, for seconds on a busy
        // machine.
        settings.put("kafka.commit.interval.ms", "100");
        settings.put("kafka.poll.ms", "20");
        settings.put("kafka.main.consumer.max.poll.records", "10");
        settings.put("kafka.main.consumer.max.poll.interval.ms", "10000");
        settings.put("kafka.main.consumer.session.timeout.ms", "2000");
        settings.put("kafka.main.consumer.heartbeat.interval.ms", "100");
        settings.put("kafka.producer.transaction.timeout.ms", "3000");
        return settings;
    }

    private static String minutes(Duration interval) {
        return interval.toMinutes() + "m";
    }

    private void publishCatalogue() throws Exception {
        for (var meter : usage.meters()) {
            publish(topics.meters(), meter);
        }
        for (var plan : usage.plans()) {
            publish(topics.plans(), plan);
        }
        for (var subscription : usage.subscriptions()) {
            publish(topics.subscriptions(), subscription);
        }
    }

    /** Publishes the subscription of somebody who never acts. */
    void publishNewcomer() throws Exception {
        publish(topics.subscriptions(), usage.newcomer());
    }

    private <T extends SpecificRecord> void publish(String topic, T record) throws Exception {
        @SuppressWarnings("unchecked")
        Class<T> type = (Class<T>) record.getClass();
        send(
                topic,
                null,
                CatalogueRecords.keyOf(record),
                stage.serdes().of(type).serializer().serialize(topic, record));
    }

    void publish(List<Usage.Publication> records) throws Exception {
        for (Usage.Publication record : records) {
            send(
                    topics.actions(),
                    record.partition(),
                    record.key(),
                    record.action() == null
                            ? new byte[] {1, 2, 3}
                            : stage.serdes()
                                    .of(ActionEvent.class)
                                    .serializer()
                                    .serialize(topics.actions(), record.action()));
        }
    }

    private void send(String topic, Integer partition, String key, byte[] value) throws Exception {
        Future<RecordMetadata> sent = stage.producer()
                .send(new ProducerRecord<>(
                        topic,
                        partition,
                        clock.millis(),
                        key == null ? null : key.getBytes(StandardCharsets.UTF_8),
                        value));
        sent.get(30, TimeUnit.SECONDS);
    }

    /** Gives the state of streams-app up, which starts anew with another interval of billing. */
    void reset(Duration otherInterval) {
        interval = otherInterval;
        apps.reset(Map.of("billing.interval", minutes(otherInterval)));
    }

    /** Waits until it is decided what becomes of each action. */
    List<String> awaitDecided() {
        List<String> problems = new ArrayList<>();
        await(
                "the actions are not all read",
                () -> outcomes().all() == usage.outcomes().all(),
                problems);
        return problems;
    }

    /**
     * Lets what was published come to its end; one more action of each payer shows that it has.
     *
     * @return what is wrong
     */
    List<String> finish() throws Exception {
        // What is published next then lies behind all of it in the logs of all subjects.
        List<String> problems = awaitDecided();
        clock.jump(interval.multipliedBy(2));
        Instant last = clock.instant();
        publish(usage.last(last));
        clock.jump(interval.plusMinutes(2));
        await("not all intervals are closed", () -> unpublished(last).isEmpty(), problems);
        if (!problems.isEmpty()) {
            problems.add(
                    "there is no fact yet of " + unpublished(last) + " for " + last + ", it is " + clock.instant());
            problems.add(outcomes() + ", expected " + usage.outcomes());
            return problems;
        }
        checkOutcomes(problems);
        stage.broker()
                .awaitCommitted(setting.name() + ".sink", factEnds(), clock)
                .ifPresent(problems::add);
        if (sinks.gaveUp()) {
            problems.add("an instance gave up");
        }
        return problems;
    }

    private void await(String otherwise, Callable<Boolean> condition, List<String> problems) {
        try {
            Awaitility.await()
                    .atMost(LONG_ENOUGH)
                    .pollDelay(Duration.ZERO)
                    .pollInterval(A_MOMENT)
                    .until(() -> {
                        clock.jump(TICK);
                        return condition.call();
                    });
        } catch (ConditionTimeoutException late) {
            problems.add(otherwise);
        }
    }

    private long sum(ToLongFunction<Conservation> part) {
        return apps.outcomes().stream().mapToLong(part).sum();
    }

    private Usage.Outcomes outcomes() {
        return new Usage.Outcomes(
                sum(Conservation::counted),
                sum(Conservation::readOnly),
                sum(Conservation::duplicate) + sum(Conservation::late),
                sum(Conservation::deadLettered));
    }

    /** Instances cannot tell while partitions move between them, so it is asked until it is right. */
    private void checkOutcomes(List<String> problems) {
        await("what became of the actions differs", () -> outcomes().equals(usage.outcomes()), problems);
        if (!problems.isEmpty()) {
            problems.add(outcomes() + ", expected is " + usage.outcomes());
        }
    }

    /** Payers and meters without a fact for the interval of their last action: where there are none, all before it are closed. */
    private List<String> unpublished(Instant last) {
        List<String> missing = new ArrayList<>();
        for (Usage.Payer payer : usage.payers()) {
            Usage.EVENT_NAMES.keySet().forEach(meter -> missing.add(payer.subject() + " " + meter));
        }
        facts().stream()
                .filter(fact -> !fact.getIntervalStart().isAfter(last)
                        && fact.getIntervalEnd().isAfter(last))
                .forEach(fact -> missing.remove(fact.getPayer() + " " + fact.getMeter()));
        return missing;
    }

    /** All facts, each partition in its order. */
    List<BillableFact> facts() {
        List<BillableFact> facts = new ArrayList<>();
        stage.broker()
                .committedRecords(
                        topics.billableUsage(),
                        record -> facts.add(stage.serdes()
                                .of(BillableFact.class)
                                .deserializer()
                                .deserialize(record.topic(), record.headers(), record.value())));
        return facts;
    }

    private Map<Integer, Long> factEnds() {
        Map<Integer, Long> ends = new HashMap<>();
        stage.broker()
                .committedRecords(
                        topics.billableUsage(),
                        record -> ends.merge(record.partition(), record.offset() + 1, Math::max));
        return ends;
    }

    /** What the sink has committed. */
    Written written() {
        return Written.read(stage, deliveryTopics);
    }

    /** What is wrong with the facts and with what Stripe has. */
    List<String> verdict() {
        Charged charged = Charged.of(facts(), usage);
        List<String> problems = new ArrayList<>(charged.problems());
        problems.addAll(new Verdict(
                        charged.account(),
                        new Verdict.Rules(clock.jumped(), setting.stripe().customersAtOnce(), setting.streamed()),
                        stripe.events(),
                        written())
                .problems());
        return problems;
    }

    /** Stops streams-app and the sink; the stand-in can still be asked. */
    void stop() {
        apps.close();
        sinks.close();
    }

    @Override
    public void close() throws IOException {
        stop();
        standIn.close();
        stage.broker().deleteAll(topics.prefix());
    }
}
