package dev.tally.cli.oracle;

import dev.tally.cli.oracle.Doom.End;
import dev.tally.cli.standin.StandIn;
import dev.tally.cli.standin.StandInOptions;
import dev.tally.cli.standin.Variant;
import dev.tally.schemas.BillableFact;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.sink.delivery.CrashPoints.Point;
import dev.tally.sink.delivery.DeliveryTopics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.header.internals.RecordHeaders;

/**
 * One seed: a load, a sink that dies, moves and stands still, and a Stripe that fails, is away for days and forgets; then the verdict.
 * The seed decides everything but the order in which threads run.
 */
final class Scenario {
    /** How late what Stripe took shows in its sums, where it does not show at once; the sink allows for twice as much. */
    static final Duration LAG = Duration.ofSeconds(1);
    /** What the sink allows for where they show at once. */
    static final Duration NO_LAG = Duration.ofMillis(20);

    private static final Duration A_MOMENT = Duration.ofMillis(60);
    /** Where a delivery of facts may end: all places that it has. */
    static final List<Point> POINTS = List.of(
            Point.INTENTS_WRITTEN,
            Point.INTENTS_COMMITTED,
            Point.ANSWERED,
            Point.OUTCOMES_WRITTEN,
            Point.OUTCOMES_COMMITTED);

    private final Stage stage;
    private final Happenings happenings;
    private final String name;
    private final Random random;
    private final Load load;
    private final DeliveryTopics topics;
    private final VirtualClock clock = new VirtualClock();
    private final Progress progress = new Progress();
    private final boolean stripped;
    private final boolean streamed;
    private final Map<Integer, Long> ends = new HashMap<>();
    private final long seed;
    private int published;

    /** @param stripped whether identifiers are taken off what goes to Stripe: the mutant that the verdict must notice */
    Scenario(Stage stage, Happenings happenings, long seed, boolean stripped) {
        this.stage = stage;
        this.happenings = happenings;
        this.seed = seed;
        this.stripped = stripped;
        this.name = (stripped ? "m" : "s") + seed;
        this.random = new Random(seed * 31 + 7);
        // The first number of neighbouring seeds is almost the same.
        var unused = random.nextInt();
        this.streamed = !stripped && random.nextInt(4) == 0;
        this.load = new Load(seed, name);
        this.topics = new DeliveryTopics(name + "-facts", name + "-ledger", name + "-dead-letters", name + "-requests");
    }

    /** Runs it and returns everything that is wrong, each with the seed. */
    List<String> run() throws Exception {
        stage.broker().create(topics);
        boolean customersAtOnce = random.nextBoolean();
        Set<Variant> variants = Troubles.variants(random, happenings);
        boolean lagging = random.nextInt(3) == 0;
        if (streamed) {
            happenings.add("facts through the stream");
        }
        StandInOptions options = StandInOptions.of(0, stage.directory().resolve(name))
                .withAccount(stage.account())
                .modes(customersAtOnce, random.nextInt(3) == 0, random.nextInt(3) > 0, Duration.ofHours(1))
                .told(new StandInOptions.Refusals(true, lagging ? LAG : Duration.ZERO))
                .showing(variants);
        try (StandIn stripe = StandIn.start(options, clock)) {
            StripeEnd end = new StripeEnd(stage.http(), stripe.url());
            Lives.Setting setting = new Lives.Setting(
                    stage.broker().clientConfig(),
                    topics,
                    name + "-sink",
                    stripe.url(),
                    stage.serdes(),
                    clock,
                    random.nextInt(4) == 0 ? 100 : 10_000,
                    lagging ? LAG.multipliedBy(2) : NO_LAG,
                    streamed,
                    stripped);
            List<String> problems;
            try (Lives lives = new Lives(setting, progress, happenings, seed)) {
                play(lives, end);
                problems = finish(lives, end);
            }
            if (problems.isEmpty()) {
                problems = verdict(new Verdict.Rules(clock.jumped(), customersAtOnce, streamed), end);
            }
            return problems.stream()
                    .map(problem ->
                            "seed " + seed + " " + options.variants() + (streamed ? " streamed: " : ": ") + problem)
                    .toList();
        } finally {
            stage.broker().delete(topics);
        }
    }

    private void play(Lives lives, StripeEnd stripe) throws Exception {
        Troubles troubles = new Troubles(stripe, streamed, random, clock, progress, happenings);
        lives.start();
        int rounds = 2 + random.nextInt(2);
        for (int round = 0; round < rounds; round++) {
            for (int i = random.nextInt(5); i > 0; i--) {
                troubles.fault();
            }
            rebalance(lives);
            boolean doomed = random.nextInt(3) > 0;
            if (doomed) {
                Point point = POINTS.get(random.nextInt(POINTS.size()));
                lives.endAt(point, 1 + random.nextInt(2), random.nextInt(5) == 0 ? End.FROZEN : End.KILLED);
            }
            boolean outage = random.nextInt(3) == 0;
            Duration hours = troubles.someHours();
            int attempts = progress.attempts();
            if (outage) {
                if (random.nextBoolean()) {
                    publish(1 + load.entries().size() / 6);
                    progress.await(() -> progress.attempts() > attempts, A_MOMENT);
                }
                troubles.beginOutage(hours);
            }
            int before = progress.attempts();
            int settled = progress.settledCount();
            int enough = settled + 1 + random.nextInt(10);
            publish(round == rounds - 1 ? load.entries().size() : load.entries().size() / rounds);
            progress.await(
                    () -> {
                        if (doomed) {
                            return lives.anyEnded();
                        }
                        return outage ? progress.attempts() > before + 2 : progress.settledCount() >= enough;
                    },
                    A_MOMENT.multipliedBy(3));
            if (outage) {
                troubles.sitOut(lives, hours);
            }
            lives.replaceEnded();
        }
    }

    private void rebalance(Lives lives) throws Exception {
        boolean leave = random.nextBoolean();
        if (random.nextInt(4) != 0) {
            return;
        }
        happenings.add("rebalance");
        lives.start();
        if (lives.count() > 2 || leave) {
            int before = progress.settledCount();
            publish(3);
            progress.await(() -> progress.settledCount() > before, A_MOMENT);
            lives.stopFirst();
        }
    }

    /** Publishes the next facts of the load. */
    private void publish(int count) throws Exception {
        RecordSerde<BillableFact> serde = stage.serdes().of(BillableFact.class);
        List<java.util.concurrent.Future<RecordMetadata>> sent = new ArrayList<>();
        int end = Math.min(load.entries().size(), published + count);
        for (Load.Entry entry : load.entries().subList(published, end)) {
            RecordHeaders headers = new RecordHeaders();
            byte[] value = entry.garbage()
                    ? new byte[] {1, 2, 3}
                    : serde.serializer().serialize(topics.facts(), headers, entry.fact());
            sent.add(stage.producer()
                    .send(new ProducerRecord<>(
                            topics.facts(), null, entry.payer().getBytes(StandardCharsets.UTF_8), value, headers)));
        }
        for (var each : sent) {
            RecordMetadata metadata = each.get(30, TimeUnit.SECONDS);
            ends.merge(metadata.partition(), metadata.offset() + 1, Math::max);
        }
        published = end;
    }

    /** Everything is well again: whatever was published must come to its end. */
    private List<String> finish(Lives lives, StripeEnd stripe) throws Exception {
        publish(load.entries().size());
        stripe.heal();
        lives.thaw();
        lives.replaceEnded();
        Optional<String> late = stage.broker().awaitCommitted(name + "-sink", ends, clock);
        if (late.isPresent()) {
            return List.of(late.get());
        }
        return lives.gaveUp() ? List.of("an instance gave up") : List.of();
    }

    private List<String> verdict(Verdict.Rules rules, StripeEnd stripe) {
        happenings.add("seed");
        return new Verdict(load.account(), rules, stripe.events(), Written.read(stage, topics)).problems();
    }
}
