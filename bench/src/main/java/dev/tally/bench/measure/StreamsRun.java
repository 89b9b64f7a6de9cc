package dev.tally.bench.measure;

import dev.tally.bench.report.Latency;
import dev.tally.bench.workload.BenchAction;
import dev.tally.bench.workload.BenchCatalogue;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

/**
 * How soon an action shows in open streams of usage, what so many streams take of memory, and whether any shows less than before. All
 * actions are of users who are followed, and of orgs who are; the clock of each starts before it is given to the producer. The client's
 * connections and their events are on the same machine. At first one instance has all streams; then there are two, of which one is killed.
 */
public final class StreamsRun {

    private static final int USERS_PER_ORG = 9;
    private static final int WARM_UP_SECONDS = 60;
    private static final int SETTLE_SECONDS = 5;
    private static final int TO_THE_LAST_SECONDS = 60;
    private static final int SHOWN_WITHIN_SECONDS = 120;
    private static final long SECOND = 1_000_000_000L;
    private static final double MEGABYTE = 1_048_576;

    private final RunSite site;

    /** A run at a site. */
    public StreamsRun(RunSite site) {
        this.site = site.sharingAtOnce();
    }

    /** Follows so many beside so many actions, for so long with one instance and for so long with two. */
    public Map<String, Map<String, Latency>> run(int streams, int actionsPerSecond, int seconds) {
        int orgs = Math.max(1, streams / (USERS_PER_ORG + 1));
        List<FollowedSubject> ofUsers = IntStream.range(0, streams - orgs)
                .mapToObj(user -> new FollowedSubject("/v1/users/" + BenchAction.userId(user)))
                .toList();
        List<FollowedSubject> ofOrgs = IntStream.range(0, orgs)
                .mapToObj(org -> new FollowedSubject("/v1/orgs/" + BenchAction.orgId(org)))
                .toList();
        Bed bed = site.bed();
        bed.apply(BenchCatalogue.full(site.workload().spec()));
        String name = "bench-streams";
        Map<String, Map<String, Latency>> found = new LinkedHashMap<>();
        try (TallyApp first = TallyApp.start(site, name, name + "-1");
                GroupProgress progress =
                        new GroupProgress(site.cluster().admin(), site.stack().bootstrapServers(), name);
                Listeners users = new Listeners(List.of(first.address()));
                Listeners ofOrg = new Listeners(List.of(first.address()));
                Traffic traffic = new Traffic(bed, position -> next(position, ofUsers, ofOrgs))) {
            first.awaitReady();
            GroupClock clock = new GroupClock(first.process(), site.stack().broker(), progress);
            clock.awaitEnd(site.cluster().topics().actions());
            Watched watched = new Watched(users, ofOrg, ofUsers, ofOrgs);
            site.say().accept("opening %,d streams ...".formatted(streams));
            Memory before = Memory.of(first);
            users.open(ofUsers);
            ofOrg.open(ofOrgs);
            site.say().accept("idle, they take " + Memory.of(first).since(before));
            site.say().accept("warming up for %d s ...".formatted(WARM_UP_SECONDS));
            traffic.rate(actionsPerSecond);
            pause(WARM_UP_SECONDS);
            watched.forget();
            site.say().accept("%,d actions/s for %d s ...".formatted(actionsPerSecond, seconds));
            pause(seconds);
            traffic.rate(0);
            first.await(() -> watched.missing() == 0, TO_THE_LAST_SECONDS);
            String memory = Memory.of(first).since(before);
            found.put(
                    "%d streams of users and %d of orgs at one instance beside %d actions/s: %s, %d fell, %d came back"
                            .formatted(
                                    ofUsers.size(),
                                    ofOrgs.size(),
                                    actionsPerSecond,
                                    memory,
                                    watched.falls(),
                                    watched.comebacks()),
                    watched.shown());
            try (TallyApp second = TallyApp.start(site, name, name + "-2")) {
                second.awaitReady();
                second.awaitHalf(first, site.cluster().topics().actionsPartitions());
                pause(SETTLE_SECONDS);
                List<String> both = List.of(first.address(), second.address());
                users.spread(both);
                ofOrg.spread(both);
                traffic.rate(actionsPerSecond);
                pause(WARM_UP_SECONDS);
                watched.forget();
                site.say().accept("two instances for %d s ...".formatted(seconds));
                pause(seconds);
                traffic.rate(0);
                first.await(() -> watched.missing() == 0, TO_THE_LAST_SECONDS);
                found.put(
                        "the same at two instances, %d and %d streams: %d fell, %d came back"
                                .formatted(
                                        first.openStreams(),
                                        second.openStreams(),
                                        watched.falls(),
                                        watched.comebacks()),
                        watched.shown());
                traffic.rate(actionsPerSecond);
                pause(SETTLE_SECONDS);
                site.say().accept("one is killed ...");
                users.only(List.of(first.address()));
                ofOrg.only(List.of(first.address()));
                second.kill();
            }
            pause(seconds);
            traffic.rate(0);
            first.await(() -> watched.missing() == 0, SHOWN_WITHIN_SECONDS);
            found.put(
                    "from when one of the two was killed: %d fell, %d came back"
                            .formatted(watched.falls(), watched.comebacks()),
                    watched.shown());
            clock.awaitEnd(site.cluster().topics().actions());
        }
        return found;
    }

    private static BenchAction next(int position, List<FollowedSubject> users, List<FollowedSubject> orgs) {
        int user = (int) (position * 2_654_435_761L % users.size());
        int org = user % orgs.size();
        users.get(user).sent();
        orgs.get(org).sent();
        return new BenchAction(position, false, user, org, 0, 0, 0, 0, 0, 1, 100, 20);
    }

    private static void pause(int seconds) {
        LockSupport.parkNanos(seconds * SECOND);
    }

    /** All streams. */
    private record Watched(
            Listeners users, Listeners orgs, List<FollowedSubject> ofUsers, List<FollowedSubject> ofOrgs) {

        int missing() {
            return FollowedSubject.missing(ofUsers) + FollowedSubject.missing(ofOrgs);
        }

        int falls() {
            List<FollowedSubject> all = new ArrayList<>(ofUsers);
            all.addAll(ofOrgs);
            return all.stream().mapToInt(FollowedSubject::falls).sum();
        }

        long comebacks() {
            return users.comebacks() + orgs.comebacks();
        }

        void forget() {
            Map<String, Latency> unused = shown();
            long unusedToo = comebacks();
        }

        /** What is on its way counts as lost only where nothing more is sent. */
        Map<String, Latency> shown() {
            Map<String, Latency> shown = new LinkedHashMap<>();
            shown.put("SSE, user", users.shown(FollowedSubject.missing(ofUsers)));
            shown.put("SSE, org", orgs.shown(FollowedSubject.missing(ofOrgs)));
            return shown;
        }
    }

    /** What an instance holds in its heap after a collection, and has resident of memory. */
    private record Memory(long heap, long resident) {

        static Memory of(TallyApp app) {
            app.process().collectGarbage();
            return new Memory(app.heapBytes(), app.process().usage().residentBytes());
        }

        String since(Memory before) {
            return "%.0f MB more of heap, %.0f MB more resident"
                    .formatted((heap - before.heap) / MEGABYTE, (resident - before.resident) / MEGABYTE);
        }
    }
}
