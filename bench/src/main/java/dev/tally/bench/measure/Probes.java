package dev.tally.bench.measure;

import dev.tally.bench.report.Latency;
import dev.tally.bench.workload.ActionEncoder;
import dev.tally.bench.workload.BenchCatalogue;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntFunction;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;

/** Sends probes one after the other, and waits for each to show everywhere. The streams of its user and its org are open a while before. */
final class Probes {

    private static final long GIVE_UP_NANOS = 10_000_000_000L;
    private static final long PAUSE_NANOS = 1_000_000;

    /** Asked more often, the questions alone would keep two cores busy. It is the resolution of what is seen over HTTP. */
    private static final long HTTP_PAUSE_NANOS = 5_000_000;

    /** So many probes before its own the streams of a probe are opened, and ended so many after it. */
    private static final int STREAMS_AHEAD = 20;

    private final Bed bed;
    private final TallyApp app;
    private final Arrivals usage;
    private final Arrivals alerts;

    Probes(Bed bed, TallyApp app, Arrivals usage, Arrivals alerts) {
        this.bed = bed;
        this.app = app;
        this.usage = usage;
        this.alerts = alerts;
    }

    private static final class Times {
        private final List<Long> nanos = new ArrayList<>();
        private int lost;

        synchronized void add(OptionalLong arrived, long sent) {
            if (arrived.isPresent()) {
                nanos.add(arrived.getAsLong() - sent);
            } else {
                lost++;
            }
        }

        synchronized Latency latency() {
            return Latency.of(nanos, lost);
        }
    }

    /** Sends at most so many, for at most so long. */
    Map<String, Latency> run(int first, int most, int seconds, int everyMillis) {
        Map<String, Times> times = new LinkedHashMap<>();
        for (String target : List.of("HTTP, user", "HTTP, org", "usage", "quota-alerts")) {
            times.put(target, new Times());
        }
        ActionEncoder encoder = new ActionEncoder(bed.schemaId());
        Map<String, Latency> latencies = new LinkedHashMap<>();
        try (Producer<byte[], byte[]> producer = Bed.producer(bed.stack(), 0);
                Streams users = new Streams(app, number -> "/v1/users/" + BenchCatalogue.probeUser(first + number));
                Streams orgs = new Streams(app, number -> "/v1/orgs/" + BenchCatalogue.probeOrg(first + number));
                ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
            users.turnTo(0);
            orgs.turnTo(0);
            long end = System.nanoTime() + seconds * 1_000_000_000L;
            for (int i = first; i < first + most && System.nanoTime() < end; i++) {
                FollowedSubject followedUser = users.of(i - first);
                FollowedSubject followedOrg = orgs.of(i - first);
                String user = BenchCatalogue.probeUser(i);
                String org = BenchCatalogue.probeOrg(i);
                byte[] value = encoder.encode(LatencyRun.probe(i, Instant.now()));
                followedUser.sent();
                followedOrg.sent();
                long sent = System.nanoTime();
                Future<RecordMetadata> unused = producer.send(new ProducerRecord<>(
                        bed.cluster().topics().actions(), user.getBytes(StandardCharsets.UTF_8), value));
                List<CompletableFuture<Void>> waits = List.of(
                        wait(executor, times, "HTTP, user", sent, HTTP_PAUSE_NANOS, () -> shown("/v1/users/" + user)),
                        wait(executor, times, "HTTP, org", sent, HTTP_PAUSE_NANOS, () -> shown("/v1/orgs/" + org)),
                        wait(
                                executor,
                                times,
                                "usage",
                                sent,
                                PAUSE_NANOS,
                                () -> usage.at(user).orElse(-1L)),
                        wait(
                                executor,
                                times,
                                "quota-alerts",
                                sent,
                                PAUSE_NANOS,
                                () -> alerts.at(user).orElse(-1L)));
                waits.forEach(CompletableFuture::join);
                users.turnTo(i - first + 1);
                orgs.turnTo(i - first + 1);
                long pause = sent + everyMillis * 1_000_000L - System.nanoTime();
                LockSupport.parkNanos(Math.max(0, pause));
            }
            long giveUp = System.nanoTime() + GIVE_UP_NANOS;
            while (users.missing() + orgs.missing() > 0 && System.nanoTime() < giveUp) {
                LockSupport.parkNanos(PAUSE_NANOS);
            }
            times.forEach((target, of) -> latencies.put(target, of.latency()));
            latencies.put("SSE, user", users.shown());
            latencies.put("SSE, org", orgs.shown());
        }
        return latencies;
    }

    /** The streams of the users or the orgs of probes. */
    private static final class Streams implements AutoCloseable {
        private final Listeners listeners;
        private final IntFunction<String> path;
        private final List<FollowedSubject> subjects = new ArrayList<>();
        private final List<Listeners.Listener> streams = new ArrayList<>();
        private int ended;

        Streams(TallyApp app, IntFunction<String> path) {
            this.listeners = new Listeners(List.of(app.address()));
            this.path = path;
        }

        /** Begins the streams of the probes that come next, and ends those of probes long ago that have shown all. */
        void turnTo(int probe) {
            while (subjects.size() <= probe + STREAMS_AHEAD) {
                FollowedSubject subject = new FollowedSubject(path.apply(subjects.size()));
                subjects.add(subject);
                streams.add(listeners.begin(subject));
            }
            for (; ended <= probe - STREAMS_AHEAD && subjects.get(ended).missing() == 0; ended++) {
                streams.get(ended).end();
            }
            streams.get(probe).awaitFirst();
        }

        FollowedSubject of(int probe) {
            return subjects.get(probe);
        }

        int missing() {
            return FollowedSubject.missing(subjects);
        }

        Latency shown() {
            return listeners.shown(missing());
        }

        @Override
        public void close() {
            listeners.close();
        }
    }

    /** The time now if the one action of a subject is counted, else -1. */
    private long shown(String subject) {
        boolean shown = app.client()
                .get(subject + "/usage?meter=actions")
                .filter(reply -> reply.status() == 200)
                .map(reply -> reply.body().path("used").asLong() >= 1)
                .orElse(false);
        return shown ? System.nanoTime() : -1;
    }

    private static CompletableFuture<Void> wait(
            ExecutorService executor,
            Map<String, Times> times,
            String target,
            long sent,
            long pauseNanos,
            LongSupplier arrival) {
        return CompletableFuture.runAsync(
                () -> {
                    Times of = times.getOrDefault(target, new Times());
                    while (System.nanoTime() - sent < GIVE_UP_NANOS) {
                        long arrived = arrival.getAsLong();
                        if (arrived != -1) {
                            of.add(OptionalLong.of(arrived), sent);
                            return;
                        }
                        LockSupport.parkNanos(pauseNanos);
                    }
                    of.add(OptionalLong.empty(), sent);
                },
                executor);
    }
}
