package dev.tally.cli.oracle;

import dev.tally.cli.oracle.Doom.End;
import dev.tally.cli.standin.StandIn;
import dev.tally.cli.standin.StandInOptions;
import dev.tally.clock.ClockStamps;
import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.BillableFact;
import dev.tally.schemas.topics.Topics;
import dev.tally.sink.delivery.CrashPoints.Point;
import dev.tally.sink.delivery.DeliveryTopics;
import dev.tally.streams.query.Conservation;
import dev.tally.streams.state.CatalogueRecords;
import dev.tally.streams.state.CrashPoint;
import dev.tally.streams.state.Engine;
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
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.ToLongFunction;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;

/**
 * One seed of the whole way: actions are published, streams-app makes facts of them, the sink brings these to Stripe, and each of the three
 * has its troubles at the same time; then the verdict. The seed decides everything but the order in which threads run, and how far time
 * goes while something is waited for.
 */
final class WholeScenario {
    private static final int PARTITIONS = 2;
    private static final Duration LONG_ENOUGH = Duration.ofSeconds(90);
    private static final Duration A_MOMENT = Duration.ofMillis(200);
    /** The time in which what is waited for mostly comes; if not, the scenario goes on. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    /** More than a tick: an intake without input says so after a few of them. */
    private static final Duration TICK = Duration.ofSeconds(4);

    /** Of so many parts of its state that an instance reads back one is its last. */
    private static final int RESTORED_PARTS = 10;

    private static final List<CrashPoint> APP_POINTS = List.of(CrashPoint.values());
    private static final List<Engine> ENGINES = List.of(Engine.values());
    private static final List<Duration> INTERVALS =
            List.of(Duration.ofMinutes(5), Duration.ofMinutes(15), Duration.ofHours(1));

    private final Stage stage;
    private final Happenings happenings;
    private final long seed;
    private final boolean stripped;
    private final boolean streamed;
    private final boolean lagging;
    private final String name;
    private final Random random;
    private final Usage usage;
    private final Topics topics;
    private final DeliveryTopics deliveryTopics;
    private final Path folder;
    private final VirtualClock clock;
    private final Map<String, Object> client;
    private final Engine engine;
    private final Duration interval;
    private final Progress progress = new Progress();

    /** @param stripped whether identifiers are taken off what goes to Stripe: the mutant that the verdict must notice */
    WholeScenario(Stage stage, Happenings happenings, long seed, boolean stripped) throws Exception {
        this.stage = stage;
        this.happenings = happenings;
        this.seed = seed;
        this.stripped = stripped;
        name = (stripped ? "wm" : "w") + seed;
        random = new Random(new Random(seed).nextLong());
        usage = new Usage(seed, PARTITIONS);
        topics = new Topics(name + ".", PARTITIONS, PARTITIONS, true);
        deliveryTopics = new DeliveryTopics(
                topics.billableUsage(), topics.stripeLedger(), topics.stripeDeadLetters(), topics.stripeRequests());
        folder = Files.createDirectories(stage.directory().resolve(name));
        Path time = folder.resolve("clock");
        clock = new VirtualClock(time);
        client = ClockStamps.client(stage.broker().clientConfig(), time.toString());
        engine = ENGINES.get(random.nextInt(ENGINES.size()));
        interval = INTERVALS.get(random.nextInt(INTERVALS.size()));
        streamed = !stripped && random.nextInt(4) == 0;
        lagging = random.nextInt(3) == 0;
    }

    /** Runs it and returns everything that is wrong, each with the seed. */
    List<String> run() throws Exception {
        stage.broker().create(topics);
        boolean customersAtOnce = random.nextBoolean();
        if (streamed) {
            happenings.add("facts through the stream");
        }
        StandInOptions options = StandInOptions.of(0, folder.resolve("stripe"))
                .withAccount(stage.account())
                .modes(customersAtOnce, random.nextInt(3) == 0, random.nextInt(3) > 0, Duration.ofHours(1))
                .told(new StandInOptions.Refusals(true, lagging ? Scenario.LAG : Duration.ZERO))
                .showing(Troubles.variants(random, happenings));
        try (StandIn standIn = StandIn.start(options, clock)) {
            StripeEnd stripe = new StripeEnd(stage.http(), standIn.url());
            List<String> problems;
            try (Lives sinks = new Lives(sinkSetting(standIn), progress, happenings, seed);
                    Apps apps = new Apps(appSetting(), progress, happenings)) {
                publishCatalogue();
                apps.start();
                sinks.start();
                play(apps, sinks, stripe);
                problems = finish(apps, sinks, stripe);
            }
            if (problems.isEmpty()) {
                problems = verdict(customersAtOnce, stripe);
            }
            return problems.stream()
                    .map(problem -> "seed " + seed + " " + engine + " " + options.variants()
                            + (streamed ? " streamed: " : ": ") + problem)
                    .toList();
        } finally {
            stage.broker().deleteAll(name + ".");
        }
    }

    private Lives.Setting sinkSetting(StandIn standIn) {
        return new Lives.Setting(
                client,
                deliveryTopics,
                name + ".sink",
                standIn.url(),
                stage.serdes(),
                clock,
                random.nextInt(4) == 0 ? 100 : 10_000,
                lagging ? Scenario.LAG.multipliedBy(2) : Scenario.NO_LAG,
                streamed,
                stripped);
    }

    private Apps.Setting appSetting() {
        Map<String, String> settings = new HashMap<>();
        settings.put(
                "bootstrap.servers",
                String.valueOf(stage.broker().clientConfig().get("bootstrap.servers")));
        settings.put("schema.registry.url", stage.registry().url());
        settings.put("clock", folder.resolve("clock").toString());
        settings.put("topic.prefix", topics.prefix());
        settings.put("application.id", name + ".app");
        settings.put("actions.partitions", Integer.toString(topics.actionsPartitions()));
        settings.put("subject.partitions", Integer.toString(topics.subjectPartitions()));
        settings.put("engine", engine.name().toLowerCase(Locale.ROOT));
        settings.put("billing.interval", interval.toMinutes() + "m");
        // What travels comes after what does not, however old it is.
        settings.put("lateness.horizon", (usage.isScattered() ? Duration.ofDays(30) : Usage.HORIZON).toHours() + "h");
        settings.put("num.stream.threads", Integer.toString(1 + random.nextInt(2)));
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
        return new Apps.Setting(
                stage.broker().admin(), client, topics, name + ".app", settings, folder.resolve("disks"));
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

    private <T extends SpecificRecord> void publish(String topic, T record) throws Exception {
        @SuppressWarnings("unchecked")
        Class<T> type = (Class<T>) record.getClass();
        send(
                topic,
                null,
                CatalogueRecords.keyOf(record),
                stage.serdes().of(type).serializer().serialize(topic, record));
    }

    private void publish(List<Usage.Publication> records) throws Exception {
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

    private void play(Apps apps, Lives sinks, StripeEnd stripe) throws Exception {
        Troubles troubles = new Troubles(stripe, streamed, random, clock, progress, happenings);
        int rounds = 2 + random.nextInt(2);
        for (int round = 0; round < rounds; round++) {
            for (int i = random.nextInt(4); i > 0; i--) {
                troubles.fault();
            }
            rebalance(apps, sinks);
            boolean appDoomed = random.nextInt(5) > 0;
            if (appDoomed) {
                // At first there is no state to read back.
                doom(apps, round > 0);
            }
            boolean sinkDoomed = random.nextInt(3) > 0;
            if (sinkDoomed) {
                Point point = Scenario.POINTS.get(random.nextInt(Scenario.POINTS.size()));
                sinks.endAt(point, 1 + random.nextInt(2), end());
            }
            boolean outage = random.nextInt(3) == 0;
            Duration hours = troubles.someHours();
            if (outage) {
                troubles.beginOutage(hours);
            }
            int before = progress.attempts();
            publish(usage.next(8 + random.nextInt(20), clock.instant()));
            clock.jump(interval.plus(Duration.ofMinutes(1 + random.nextInt(10))));
            // Who dies before it sends sends nothing; who sends in an outage may not come to where it is to die.
            BooleanSupplier sent = () -> sinks.anyEnded() || (progress.attempts() > before && (!sinkDoomed || outage));
            letTimePass(() -> appDoomed ? apps.anyEnded() : sent.getAsBoolean());
            if (random.nextInt(5) == 0) {
                happenings.add("reset");
                apps.reset();
            } else {
                apps.replaceEnded();
            }
            letTimePass(sent);
            if (outage) {
                troubles.sitOut(sinks, hours);
            }
            sinks.replaceEnded();
        }
    }

    private End end() {
        return random.nextInt(5) == 0 ? End.FROZEN : End.KILLED;
    }

    private void doom(Apps apps, boolean anyState) throws Exception {
        CrashPoint point = APP_POINTS.get(random.nextInt(APP_POINTS.size()));
        while (point == CrashPoint.DURING_RESTORE && !anyState) {
            point = APP_POINTS.get(random.nextInt(APP_POINTS.size()));
        }
        switch (point) {
            case BEFORE_DRAIN, BETWEEN_DRAINS, AFTER_DRAIN -> apps.endAt(point, 1 + random.nextInt(drains()), end());
            case DURING_CLOSE -> apps.endAt(point, 1 + random.nextInt(drains()), End.KILLED);
            case AFTER_CATALOGUE_CHANGE -> {
                apps.endAt(point, 1, end());
                publish(topics.subscriptions(), usage.newcomer());
            }
            case DURING_RESTORE -> {
                apps.stopFirst();
                apps.startToDieRestoring(1 + random.nextInt(RESTORED_PARTS));
            }
        }
    }

    /** Within so many steps of writing back there is something of each: one engine has them at commits, the other at records. */
    private int drains() {
        return switch (engine) {
            case FAST -> 8;
            case PORTABLE -> 30;
        };
    }

    private void rebalance(Apps apps, Lives sinks) throws InterruptedException {
        boolean appLeaves = random.nextBoolean();
        if (random.nextInt(4) == 0) {
            happenings.add("rebalance of streams-app");
            apps.start();
            if (appLeaves) {
                apps.stopFirst();
            }
        }
        boolean sinkLeaves = random.nextBoolean();
        if (random.nextInt(4) == 0) {
            happenings.add("rebalance of the sink");
            sinks.start();
            if (sinkLeaves) {
                sinks.stopFirst();
            }
        }
    }

    /** Intervals are closed while the scenario waits for something, though not for ever. */
    private void letTimePass(BooleanSupplier enough) throws InterruptedException {
        long began = System.nanoTime();
        while (!enough.getAsBoolean() && System.nanoTime() - began < PATIENCE.toNanos()) {
            clock.jump(TICK);
            progress.await(enough, A_MOMENT);
        }
    }

    /** Everything is well again: whatever was published must come to its end. */
    private List<String> finish(Apps apps, Lives sinks, StripeEnd stripe) throws Exception {
        stripe.heal();
        sinks.thaw();
        sinks.replaceEnded();
        apps.thaw();
        apps.replaceEnded();
        List<String> problems = new ArrayList<>();
        // What is published next then lies behind all of it in the logs of all subjects.
        await(
                "the actions are not all read",
                () -> decided(apps) == usage.outcomes().all(),
                problems);
        clock.jump(interval.multipliedBy(2));
        Instant last = clock.instant();
        publish(usage.last(last));
        clock.jump(interval.plusMinutes(2));
        await("not all intervals are closed", () -> unpublished(last).isEmpty(), problems);
        if (!problems.isEmpty()) {
            problems.add(
                    "there is no fact yet of " + unpublished(last) + " for " + last + ", it is " + clock.instant());
            problems.add(outcomes(apps) + ", expected " + usage.outcomes());
            return problems;
        }
        checkOutcomes(apps, problems);
        stage.broker().awaitCommitted(name + ".sink", factEnds(), clock).ifPresent(problems::add);
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

    private static long sum(Apps apps, ToLongFunction<Conservation> part) {
        return apps.outcomes().stream().mapToLong(part).sum();
    }

    private static Usage.Outcomes outcomes(Apps apps) {
        return new Usage.Outcomes(
                sum(apps, Conservation::counted),
                sum(apps, Conservation::readOnly),
                sum(apps, Conservation::duplicate) + sum(apps, Conservation::late),
                sum(apps, Conservation::deadLettered));
    }

    private static long decided(Apps apps) {
        return outcomes(apps).all();
    }

    /** Instances cannot tell while partitions move between them, so it is asked until it is right. */
    private void checkOutcomes(Apps apps, List<String> problems) {
        await("what became of the actions differs", () -> outcomes(apps).equals(usage.outcomes()), problems);
        if (!problems.isEmpty()) {
            problems.add(outcomes(apps) + ", expected is " + usage.outcomes());
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

    private List<BillableFact> facts() {
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

    private List<String> verdict(boolean customersAtOnce, StripeEnd stripe) {
        happenings.add("seed");
        Charged charged = Charged.of(facts(), usage);
        List<String> problems = new ArrayList<>(charged.problems());
        problems.addAll(new Verdict(
                        charged.account(),
                        new Verdict.Rules(clock.jumped(), customersAtOnce, streamed),
                        stripe.events(),
                        Written.read(stage, deliveryTopics))
                .problems());
        return problems;
    }
}
