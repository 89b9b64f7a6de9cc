package dev.tally.bench.measure;

import dev.tally.bench.report.Promotion;
import dev.tally.bench.stack.BenchStack;
import dev.tally.bench.stack.Cluster;
import dev.tally.bench.workload.BenchCatalogue;
import dev.tally.bench.workload.Expected;
import dev.tally.bench.workload.Workload;
import dev.tally.streams.app.MeteringSettings;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * Two instances with a standby each of the other's state; the first, which has all of it where there is much, is killed. What it had not
 * counted yet, among it re-sends of what it had, comes right after; the sums of both together must be exact.
 */
public final class StandbyRun {

    private static final int MOST_HELD_BACK = 2_000;
    private static final String SESSION_TIMEOUT = "kafka.main.consumer.session.timeout.ms";

    private final BenchStack stack;
    private final Cluster cluster;
    private final Workload workload;
    private final Map<String, String> settings;
    private final long remembered;
    private final Consumer<String> say;

    /**
     * A run that begins with nothing.
     *
     * @param settings settings of streams-app besides the bench's own
     * @param remembered ids that the memory of ids holds before
     * @param say takes progress, for people
     */
    public StandbyRun(
            BenchStack stack,
            Cluster cluster,
            Workload workload,
            Map<String, String> settings,
            long remembered,
            Consumer<String> say) {
        this.stack = stack;
        this.cluster = cluster;
        this.workload = workload;
        this.settings = new HashMap<>(settings);
        this.settings.put("num.standby.replicas", "1");
        this.remembered = remembered;
        this.say = say;
    }

    /** Measures. */
    public Promotion run() {
        int heldBack = Math.min(MOST_HELD_BACK, workload.spec().records() / 2);
        Bed bed = Bed.prepare(stack, cluster, workload, heldBack);
        bed.apply(BenchCatalogue.full(workload.spec()));
        String id = "bench-standby";
        if (remembered > 0) {
            say.accept("remembering %,d ids ...".formatted(remembered));
            new SeededState(bed, id, settings).write(remembered);
        }
        Members members = new Members(cluster.admin(), id);
        try (GroupProgress progress = new GroupProgress(cluster.admin(), stack.bootstrapServers(), id);
                TallyApp first = TallyApp.start(stack, cluster, id, id + "-1", 2, settings)) {
            first.awaitReady();
            say.accept("the first instance is ready after %.1f s".formatted(first.readySeconds()));
            Set<String> firstMembers = members.now();
            // The plans come first: actions that are counted before their limits are known raise no alerts.
            catchUp(new GroupClock(first.process(), stack.broker(), progress));
            bed.publishMost();
            catchUp(new GroupClock(first.process(), stack.broker(), progress));
            Expected before = Expected.of(workload, bed.records() - heldBack);
            new TallySums(bed, before, true, remembered).verify(first, id + "-1, before the kill");
            long secondBegun = System.nanoTime();
            try (TallyApp second = TallyApp.start(stack, cluster, id, id + "-2", 2, settings)) {
                Changelogs changelogs = new Changelogs(cluster.admin(), progress, id);
                second.awaitReady();
                second.await(() -> changelogs.areCopied(List.of(first, second)));
                double standbySeconds = secondsSince(secondBegun);
                say.accept("the standbys are caught up after %.1f s".formatted(standbySeconds));
                int moved = first.activePartitions().size();
                long killed = System.nanoTime();
                first.kill();
                CompletableFuture<Long> gone = members.gone(firstMembers);
                bed.publishRest();
                second.await(() -> second.activePartitions().size()
                        == bed.cluster().topics().actionsPartitions());
                double readable = secondsSince(killed);
                second.await(() -> second.read() >= bed.records());
                double counted = secondsSince(killed);
                double noticed = (gone.join() - killed) / 1e9;
                catchUp(new GroupClock(second.process(), stack.broker(), progress));
                double usage = secondsSince(killed);
                new TallySums(bed, bed.expected(), true, remembered).verify(second, id + "-2, after the kill");
                return new Promotion(
                        remembered,
                        first.readySeconds(),
                        standbySeconds,
                        moved,
                        heldBack,
                        sessionTimeoutSeconds(),
                        noticed,
                        readable,
                        counted,
                        usage,
                        counted - noticed,
                        second.process().usage().maxResidentBytes(),
                        BenchStack.diskBytes(second.state()));
            }
        }
    }

    private void catchUp(GroupClock clock) {
        for (String topic : List.of(
                cluster.topics().meters(),
                cluster.topics().plans(),
                cluster.topics().subscriptions(),
                cluster.topics().actions(),
                cluster.topics().actionsHome(),
                cluster.topics().subjectLog())) {
            clock.awaitEnd(topic);
        }
    }

    private double sessionTimeoutSeconds() {
        String given = settings.get(SESSION_TIMEOUT);
        return (given == null ? MeteringSettings.SESSION_TIMEOUT_MS : Integer.parseInt(given)) / 1e3;
    }

    private static double secondsSince(long nanos) {
        return (System.nanoTime() - nanos) / 1e9;
    }
}
