package dev.tally.bench.measure;

import dev.tally.bench.report.Latency;
import dev.tally.bench.stack.BenchStack;
import dev.tally.bench.stack.Cluster;
import dev.tally.bench.workload.ActionEncoder;
import dev.tally.bench.workload.BenchAction;
import dev.tally.bench.workload.BenchCatalogue;
import dev.tally.bench.workload.Workload;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * How fast {@code GET /v1/users/{id}/usage} is answered while actions come in. Each of very many users has acted today, and readers ask for
 * any of them, uniformly, over connections that stay open; they run on the same machine as what they ask. First at a fixed rate, at instants
 * that do not wait for answers before them, each clock starting at its instant; then as fast as they are answered.
 */
public final class ReadsRun {

    private static final int WARM_UP_SECONDS = 60;
    private static final int SETTLE_SECONDS = 5;

    private final BenchStack stack;
    private final Cluster cluster;
    private final Workload workload;
    private final Map<String, String> settings;
    private final Consumer<String> say;

    /**
     * @param workload whose users are asked for and whose actions make the traffic, with the present as event time
     * @param settings settings of streams-app besides the bench's own
     */
    public ReadsRun(
            BenchStack stack, Cluster cluster, Workload workload, Map<String, String> settings, Consumer<String> say) {
        this.stack = stack;
        this.cluster = cluster;
        this.workload = workload;
        this.settings = Map.copyOf(settings);
        this.say = say;
    }

    /** Reads so often beside so many actions, and then as often as it can; each for so long. */
    public Map<String, Map<String, Latency>> run(int readsPerSecond, int actionsPerSecond, int seconds) {
        int users = workload.spec().users();
        Bed bed = Bed.publish(stack, cluster, new Workload(workload.spec().with(1)), 0);
        bed.apply(BenchCatalogue.full(workload.spec()));
        say.accept("publishing an action of each of %,d users ...".formatted(users));
        publishOneOfEach(bed, users);
        String name = "bench-reads";
        try (TallyApp app = TallyApp.start(stack, cluster, name, LatencyRun.THREADS, settings);
                GroupProgress progress = new GroupProgress(cluster.admin(), stack.bootstrapServers(), name);
                Traffic traffic = new Traffic(bed, workload);
                Readers readers =
                        new Readers(app.address(), users, workload.spec().seed())) {
            app.awaitReady();
            GroupClock clock = new GroupClock(app.process(), stack.broker(), progress);
            clock.awaitEnd(cluster.topics().actions());
            traffic.rate(actionsPerSecond);
            say.accept("warming up for %d s ...".formatted(WARM_UP_SECONDS));
            Latency unused = readers.asFastAsAnswered(WARM_UP_SECONDS);
            say.accept("stale while warming up: %,d".formatted(readers.stale()));
            Map<String, Map<String, Latency>> found = new LinkedHashMap<>();
            LockSupport.parkNanos(SETTLE_SECONDS * 1_000_000_000L);
            say.accept("reading %,d/s beside %,d actions/s for %d s ..."
                    .formatted(readsPerSecond, actionsPerSecond, seconds));
            double sentBefore = traffic.sent();
            long begun = System.nanoTime();
            Latency paced = readers.atRate(readsPerSecond, seconds);
            double sent = (traffic.sent() - sentBefore) * 1e9 / (System.nanoTime() - begun);
            found.put(
                    "%d reads/s asked for beside %.0f actions/s: %d/s answered, %d stale"
                            .formatted(readsPerSecond, sent, paced.n() / seconds, readers.stale()),
                    Map.of("GET usage", paced));
            LockSupport.parkNanos(SETTLE_SECONDS * 1_000_000_000L);
            say.accept("reading as fast as %d readers are answered, for %d s ...".formatted(Readers.COUNT, seconds));
            Latency fastest = readers.asFastAsAnswered(seconds);
            found.put(
                    "%d readers, each as fast as it is answered: %d/s, %d stale"
                            .formatted(Readers.COUNT, fastest.n() / seconds, readers.stale()),
                    Map.of("GET usage", fastest));
            traffic.rate(0);
            clock.awaitEnd(cluster.topics().actions());
            return found;
        }
    }

    private void publishOneOfEach(Bed bed, int users) {
        ActionEncoder encoder = new ActionEncoder(bed.schemaId());
        long at = System.currentTimeMillis();
        // Numbers that no other action of the workload has.
        int firstNumber = workload.spec().records();
        try (Sender sender = new Sender(stack, 50)) {
            for (int user = 0; user < users; user++) {
                BenchAction action = new BenchAction(
                        firstNumber + user, false, user, BenchAction.NO_ORG, 0, 0, 0, 0, at, 1, 100, 20);
                sender.send(
                        cluster.topics().actions(),
                        action.userId().getBytes(StandardCharsets.UTF_8),
                        encoder.encode(action));
            }
        }
    }
}
