package dev.tally.bench.measure;

import dev.tally.bench.report.Latency;
import dev.tally.bench.workload.BenchAction;
import dev.tally.bench.workload.BenchCatalogue;
import dev.tally.keys.Partitions;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;

/**
 * How fast {@code GET /v1/users/{id}/usage} is answered while actions come in. Each of very many users has acted today, and readers ask for
 * any of them, uniformly, over connections that stay open; they run on the same machine as what they ask. First at a fixed rate, at instants
 * that do not wait for answers before them, each clock starting at its instant; then as fast as they are answered; then, when a second
 * instance has joined, at a lower rate the first about users whose counts the second keeps, and about half of whose limits it keeps too.
 */
public final class ReadsRun {

    private static final int WARM_UP_SECONDS = 60;
    private static final int SETTLE_SECONDS = 5;
    private static final int FORWARDED_PER_SECOND = 1_000;

    private final RunSite site;

    /** A run at a site. */
    public ReadsRun(RunSite site) {
        this.site = site.sharingAtOnce();
    }

    /** Reads so often beside so many actions, and then as often as it can; each for so long. */
    public Map<String, Map<String, Latency>> run(int readsPerSecond, int actionsPerSecond, int seconds) {
        int users = site.workload().spec().users();
        Bed bed = site.bed();
        bed.apply(BenchCatalogue.full(site.workload().spec()));
        site.say().accept("publishing an action of each of %,d users ...".formatted(users));
        publishOneOfEach(bed, users);
        String name = "bench-reads";
        try (TallyApp app = TallyApp.start(site, name);
                GroupProgress progress =
                        new GroupProgress(site.cluster().admin(), site.stack().bootstrapServers(), name);
                Traffic traffic = Traffic.of(bed, site.workload());
                Readers readers = new Readers(
                        app.address(),
                        users,
                        any -> true,
                        site.workload().spec().seed())) {
            app.awaitReady();
            GroupClock clock = new GroupClock(app.process(), site.stack().broker(), progress);
            // The accounts too: an answer is stale while its limits are behind.
            clock.awaitEnd(site.cluster().topics().actions());
            clock.awaitEnd(site.cluster().topics().subjectLog());
            traffic.rate(actionsPerSecond);
            site.say().accept("warming up for %d s ...".formatted(WARM_UP_SECONDS));
            Latency unused = readers.atRate(readsPerSecond, WARM_UP_SECONDS);
            site.say().accept("stale while warming up: %,d".formatted(readers.stale()));
            Map<String, Map<String, Latency>> found = new LinkedHashMap<>();
            LockSupport.parkNanos(SETTLE_SECONDS * 1_000_000_000L);
            site.say()
                    .accept("reading %,d/s beside %,d actions/s for %d s ..."
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
            site.say()
                    .accept("reading as fast as %d readers are answered, for %d s ..."
                            .formatted(Readers.COUNT, seconds));
            Latency fastest = readers.asFastAsAnswered(seconds);
            found.put(
                    "%d readers, each as fast as it is answered: %d/s, %d stale"
                            .formatted(Readers.COUNT, fastest.n() / seconds, readers.stale()),
                    Map.of("GET usage", fastest));
            found.putAll(ofAnother(app, name, users, seconds));
            traffic.rate(0);
            clock.awaitEnd(site.cluster().topics().actions());
            return found;
        }
    }

    /** The same of an instance that has to ask another, which has joined. */
    private Map<String, Map<String, Latency>> ofAnother(TallyApp first, String name, int users, int seconds) {
        int partitions = site.cluster().topics().actionsPartitions();
        try (TallyApp second = TallyApp.start(site, name, name + "-2")) {
            second.awaitReady();
            second.awaitHalf(first, partitions);
            Set<Integer> there = second.activePartitions();
            try (Readers readers = new Readers(
                    first.address(),
                    users,
                    user -> there.contains(partition(user, partitions)),
                    site.workload().spec().seed())) {
                site.say().accept("warming up for %d s ...".formatted(WARM_UP_SECONDS));
                Latency unused = readers.atRate(FORWARDED_PER_SECOND, WARM_UP_SECONDS);
                long unusedToo = readers.stale();
                site.say()
                        .accept("reading what another instance keeps, %,d/s for %d s ..."
                                .formatted(FORWARDED_PER_SECOND, seconds));
                Latency forwarded = readers.atRate(FORWARDED_PER_SECOND, seconds);
                return Map.of(
                        "%d/s of what another instance keeps: %d/s answered, %d stale"
                                .formatted(FORWARDED_PER_SECOND, forwarded.n() / seconds, readers.stale()),
                        Map.of("GET usage", forwarded));
            }
        }
    }

    private static int partition(int user, int partitions) {
        return Partitions.ofKey(BenchAction.userId(user).getBytes(StandardCharsets.UTF_8), partitions);
    }

    private void publishOneOfEach(Bed bed, int users) {
        long at = System.currentTimeMillis();
        // Numbers that no other action of the workload has.
        int first = site.workload().spec().records();
        bed.publish(
                users,
                user -> new BenchAction(first + user, false, user, BenchAction.NO_ORG, 0, 0, 0, 0, at, 1, 100, 20));
    }
}
