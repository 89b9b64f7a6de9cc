package dev.tally.cli.oracle;

import dev.tally.cli.oracle.Doom.End;
import dev.tally.cli.standin.StandInOptions;
import dev.tally.sink.delivery.CrashPoints.Point;
import dev.tally.streams.state.CrashPoint;
import dev.tally.streams.state.Engine;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.function.BooleanSupplier;

/**
 * One seed of the whole way: actions are published, streams-app makes facts of them, the sink brings these to Stripe, and each of the three
 * has its troubles at the same time; then the verdict. The seed decides everything but the order in which threads run, and how far time
 * goes while something is waited for.
 */
final class WholeScenario {
    private static final Duration A_MOMENT = Duration.ofMillis(200);
    /** The time in which what is waited for mostly comes; if not, the scenario goes on. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

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
    private final Random random;
    private final Usage usage;
    private final Engine engine;
    private final Duration interval;
    private final Progress progress = new Progress();

    /** @param stripped whether identifiers are taken off what goes to Stripe: the mutant that the verdict must notice */
    WholeScenario(Stage stage, Happenings happenings, long seed, boolean stripped) {
        this.stage = stage;
        this.happenings = happenings;
        this.seed = seed;
        this.stripped = stripped;
        random = new Random(new Random(seed).nextLong());
        usage = new Usage(seed, WholeSystem.PARTITIONS);
        engine = ENGINES.get(random.nextInt(ENGINES.size()));
        interval = INTERVALS.get(random.nextInt(INTERVALS.size()));
        streamed = !stripped && random.nextInt(4) == 0;
        lagging = random.nextInt(3) == 0;
    }

    /** Runs it and returns everything that is wrong, each with the seed. */
    List<String> run() throws Exception {
        if (streamed) {
            happenings.add("facts through the stream");
        }
        WholeSystem.Setting setting = setting();
        try (WholeSystem system = new WholeSystem(stage, setting, usage, progress, happenings)) {
            play(system);
            List<String> problems = finish(system);
            system.stop();
            if (problems.isEmpty()) {
                happenings.add("seed");
                problems = system.verdict();
            }
            return problems.stream()
                    .map(problem -> "seed " + seed + " " + engine + " "
                            + setting.stripe().variants() + (streamed ? " streamed: " : ": ") + problem)
                    .toList();
        }
    }

    /** The order in which the seed is asked is a part of what it means. */
    private WholeSystem.Setting setting() {
        String name = (stripped ? "wm" : "w") + seed;
        boolean customersAtOnce = random.nextBoolean();
        StandInOptions options = StandInOptions.of(
                        0, WholeSystem.folder(stage, name).resolve("stripe"))
                .withAccount(stage.account())
                .modes(customersAtOnce, random.nextInt(3) == 0, random.nextInt(3) > 0, Duration.ofHours(1))
                .told(new StandInOptions.Refusals(true, lagging ? Scenario.LAG : Duration.ZERO))
                .showing(Troubles.variants(random, happenings));
        int callsPerSecond = random.nextInt(4) == 0 ? 100 : 10_000;
        int streamThreads = 1 + random.nextInt(2);
        return new WholeSystem.Setting(
                name, seed, engine, interval, streamThreads, callsPerSecond, streamed, lagging, stripped, options);
    }

    private void play(WholeSystem system) throws Exception {
        Apps apps = system.apps();
        Lives sinks = system.sinks();
        VirtualClock clock = system.clock();
        Troubles troubles = new Troubles(system.stripe(), streamed, random, clock, progress, happenings);
        int rounds = 2 + random.nextInt(2);
        for (int round = 0; round < rounds; round++) {
            for (int i = random.nextInt(4); i > 0; i--) {
                troubles.fault();
            }
            rebalance(apps, sinks);
            boolean appDoomed = random.nextInt(5) > 0;
            if (appDoomed) {
                // At first there is no state to read back.
                doom(system, round > 0);
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
            system.publish(usage.next(8 + random.nextInt(20), clock.instant()));
            clock.jump(interval.plus(Duration.ofMinutes(1 + random.nextInt(10))));
            // Who dies before it sends sends nothing; who sends in an outage may not come to where it is to die.
            BooleanSupplier sent = () -> sinks.anyEnded() || (progress.attempts() > before && (!sinkDoomed || outage));
            letTimePass(clock, () -> appDoomed ? apps.anyEnded() : sent.getAsBoolean());
            if (random.nextInt(5) == 0) {
                happenings.add("reset");
                system.reset(interval);
            } else {
                apps.replaceEnded();
            }
            letTimePass(clock, sent);
            if (outage) {
                troubles.sitOut(sinks, hours);
            }
            sinks.replaceEnded();
        }
    }

    private End end() {
        return random.nextInt(5) == 0 ? End.FROZEN : End.KILLED;
    }

    private void doom(WholeSystem system, boolean anyState) throws Exception {
        Apps apps = system.apps();
        CrashPoint point = APP_POINTS.get(random.nextInt(APP_POINTS.size()));
        while (point == CrashPoint.DURING_RESTORE && !anyState) {
            point = APP_POINTS.get(random.nextInt(APP_POINTS.size()));
        }
        switch (point) {
            case BEFORE_DRAIN, BETWEEN_DRAINS, AFTER_DRAIN -> apps.endAt(point, 1 + random.nextInt(drains()), end());
            case DURING_CLOSE -> apps.endAt(point, 1 + random.nextInt(drains()), End.KILLED);
            case AFTER_CATALOGUE_CHANGE -> {
                apps.endAt(point, 1, end());
                system.publishNewcomer();
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
    private void letTimePass(VirtualClock clock, BooleanSupplier enough) throws InterruptedException {
        long began = System.nanoTime();
        while (!enough.getAsBoolean() && System.nanoTime() - began < PATIENCE.toNanos()) {
            clock.jump(WholeSystem.TICK);
            progress.await(enough, A_MOMENT);
        }
    }

    /** Everything is well again: whatever was published must come to its end. */
    private List<String> finish(WholeSystem system) throws Exception {
        system.stripe().heal();
        system.sinks().thaw();
        system.sinks().replaceEnded();
        system.apps().thaw();
        system.apps().replaceEnded();
        return system.finish();
    }
}
