package dev.tally.bench.measure;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tally.bench.report.Capacity;
import dev.tally.bench.stack.BenchStack;
import dev.tally.bench.workload.BenchAction;
import dev.tally.bench.workload.BenchCatalogue;
import dev.tally.bench.workload.Workload;
import dev.tally.bench.workload.WorkloadSpec;
import dev.tally.schemas.topics.Topics;
import dev.tally.streams.state.StoreNames;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;

/**
 * What very many subjects take: bytes of topics, changelogs and files, memory, CPU, and the time until an instance without state is at work.
 *
 * <p>Each user acts at least once, all on one day; users take turns, so that hardly two actions of one user share a commit. A part of them
 * belongs to orgs of 45 members or some more, every second of which has a pooled plan; the catalogue is {@link BenchCatalogue#full}. All of it
 * lies in {@code actions} before the instance starts. Then it is stopped, and another restores its state from the changelogs; what it says of
 * a sample of users must be exact, and all counts, also after a restart with the state on its disk.
 */
public final class CapacityRun {

    private static final int MEMBERS = 45;
    private static final int SAMPLE = 1_000;
    private static final int MORE_ACTIONS = 1_000;
    private static final int SPACES = 5;
    private static final int MODELS = 5;
    private static final int TYPES = 12;
    private static final int TRIGGERS = 4;
    private static final long PAUSE_NANOS = 20_000_000;
    private static final String CHANGELOG = "-changelog";
    private static final String ID_HEAP = "tally_ids_heap_bytes{";
    private static final String NAME = "bench-capacity";

    private final RunSite site;
    private final int users;
    private final int percentInOrgs;
    private final int orgs;
    private final long at = System.currentTimeMillis();

    /**
     * A run at a site.
     *
     * @param percentInOrgs how many of the users belong to orgs
     */
    public CapacityRun(RunSite site, int users, int percentInOrgs) {
        this.site = site;
        this.users = users;
        this.percentInOrgs = percentInOrgs;
        this.orgs = Math.max(1, Math.toIntExact((long) users * percentInOrgs / 100 / MEMBERS));
    }

    /** Measures so many actions, at least one of each user. */
    public Capacity run(int actions) {
        if (actions < users) {
            throw new IllegalArgumentException("each of the users acts: take " + users + " actions or more");
        }
        WorkloadSpec spec = site.workload().spec();
        Bed bed = Bed.prepare(site.stack(), site.cluster(), new Workload(spec.with(1)), 0);
        bed.apply(BenchCatalogue.withOrgs(BenchCatalogue.full(spec), spec.orgs(), orgs));
        site.say().accept("publishing %,d actions of %,d users in %,d orgs ...".formatted(actions, users, orgs));
        bed.publish(actions, this::action);
        Counted counted = count(bed, actions);
        site.say().accept("restoring it from the changelogs ...");
        Restored restored = restore(bed, actions);
        return new Capacity(
                users,
                orgs,
                actions,
                counted.timing().records() / counted.timing().seconds(),
                counted.timing().appCpuSeconds() / counted.timing().records() * 1e6,
                counted.timing().brokerCpuSeconds() / counted.timing().records() * 1e6,
                counted.topics(),
                counted.changelogs(),
                counted.disk(),
                counted.idHeap(),
                counted.heap(),
                counted.resident(),
                restored.restartSeconds(),
                restored.readySeconds(),
                restored.atWorkSeconds());
    }

    private BenchAction action(int number) {
        int user = number % users;
        // The members of an org are far apart in the log, as those who act at the same time are in life.
        int org = (user / orgs * 37L) % 100 < percentInOrgs ? user % orgs : BenchAction.NO_ORG;
        return new BenchAction(
                number + 1,
                false,
                user,
                org,
                user % SPACES,
                number % MODELS,
                number % TYPES,
                number % TRIGGERS,
                at,
                1 + number % 5,
                100 + number % 2_900,
                20 + number % 780);
    }

    private record Counted(
            Timing timing,
            Map<String, Long> topics,
            Map<String, Long> changelogs,
            Map<String, Long> disk,
            double idHeap,
            double heap,
            double resident) {}

    private Counted count(Bed bed, int actions) {
        Topics topics = bed.cluster().topics();
        String name = NAME + "-1";
        try (TallyApp app = TallyApp.start(site, NAME, name);
                GroupProgress progress =
                        new GroupProgress(bed.cluster().admin(), bed.stack().bootstrapServers(), NAME)) {
            site.say().accept("counting ...");
            Timing timing = new GroupClock(app.process(), bed.stack().broker(), progress)
                    .time(List.of(topics.actions(), topics.actionsHome(), topics.subjectLog()), actions / 2, actions);
            site.say().accept("counted %,.0f a second".formatted(timing.records() / timing.seconds()));
            app.awaitReady();
            verify(app, name, actions);
            double idHeap = new MetricsPage(app.address()).sum(ID_HEAP);
            app.process().collectGarbage();
            double heap = app.heapBytes();
            double resident = app.process().usage().maxResidentBytes();
            app.stop();
            awaitNoMembers(bed);
            Map<String, Long> changelogs = new TreeMap<>();
            Map<String, Long> others = new TreeMap<>();
            bed.cluster().bytesByTopic().forEach((topic, bytes) -> {
                if (topic.startsWith(NAME + "-") && topic.endsWith(CHANGELOG)) {
                    changelogs.put(topic.substring(NAME.length() + 1, topic.length() - CHANGELOG.length()), bytes);
                } else if (topic.startsWith(topics.prefix()) && bytes > 0) {
                    others.put(topic.substring(topics.prefix().length()), bytes);
                }
            });
            return new Counted(timing, others, changelogs, diskByStore(app.state()), idHeap, heap, resident);
        }
    }

    private record Restored(double readySeconds, double atWorkSeconds, double restartSeconds) {}

    private Restored restore(Bed bed, int actions) {
        String name = NAME + "-2";
        try (TallyApp app = TallyApp.start(site, NAME, name)) {
            long begun = System.nanoTime();
            double ready = app.readySeconds();
            verify(app, name, actions);
            verifySample(app, name, actions);
            long asked = System.nanoTime();
            bed.publish(MORE_ACTIONS, i -> action(actions + i));
            app.await(() -> app.read() >= actions + MORE_ACTIONS);
            double atWork = ready + (System.nanoTime() - asked) / 1e9;
            site.say()
                    .accept("restored after %.1f s, at work after %.1f s (checks included: %.1f s)"
                            .formatted(ready, atWork, (System.nanoTime() - begun) / 1e9));
            app.stop();
            awaitNoMembers(bed);
            try (TallyApp again = TallyApp.start(site, NAME, name)) {
                double restart = again.readySeconds();
                verify(again, name + ", started again", actions + MORE_ACTIONS);
                return new Restored(ready, atWork, restart);
            }
        }
    }

    private static void verify(TallyApp app, String name, long actions) {
        WrongSums.require(name, "actions read", actions, app.conserved("read"));
        WrongSums.require(name, "actions counted", actions, app.conserved("counted"));
        if (!app.await(() -> app.idsRemembered() == actions, TallySums.IDS_WITHIN_SECONDS)) {
            WrongSums.require(name, "ids remembered", actions, app.idsRemembered());
        }
    }

    private void verifySample(TallyApp app, String name, int actions) {
        int step = Math.max(1, users / SAMPLE);
        for (int user = 0; user < users; user += step) {
            int of = user;
            List<JsonNode> answer = new ArrayList<>();
            // Right after the start an answer may be refused for a moment, never wrong.
            app.await(() -> app.client()
                    .get("/v1/users/%s/usage?meter=actions&day=%s"
                            .formatted(BenchAction.userId(of), LocalDate.ofEpochDay(at / BenchAction.DAY_MILLIS)))
                    .filter(reply -> reply.status() == 200)
                    .map(reply -> answer.add(reply.body()))
                    .orElse(false));
            long expected = (long) actions / users + (user < actions % users ? 1 : 0);
            WrongSums.require(
                    name,
                    "actions of " + BenchAction.userId(user),
                    expected,
                    answer.getFirst().required("used").asLong());
        }
    }

    /** An instance that has stopped stays a member until its session has timed out; what it kept is given to others only then. */
    private static void awaitNoMembers(Bed bed) {
        Members members = new Members(bed.cluster().admin(), NAME);
        while (!members.now().isEmpty()) {
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }

    private static Map<String, Long> diskByStore(Path state) {
        Map<String, Long> disk = new TreeMap<>();
        BenchStack.files(state).forEach((file, bytes) -> disk.merge(storeOf(state.relativize(file)), bytes, Long::sum));
        return disk;
    }

    private static String storeOf(Path file) {
        for (Path part : file) {
            if (StoreNames.LOGGED.contains(part.toString())) {
                return part.toString();
            }
        }
        return "other";
    }
}
