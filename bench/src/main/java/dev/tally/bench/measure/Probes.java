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
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;

/** Sends probes one after the other, and waits for each to show everywhere. The streams of all their users and orgs are open before. */
final class Probes {

    private static final long GIVE_UP_NANOS = 10_000_000_000L;
    private static final long PAUSE_NANOS = 1_000_000;

    /** Asked more often, the questions alone would keep two cores busy. It is the resolution of what is seen over HTTP. */
    private static final long HTTP_PAUSE_NANOS = 5_000_000;

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
        List<FollowedSubject> ofUsers =
                followed(first, most, number -> "/v1/users/" + BenchCatalogue.probeUser(number));
        List<FollowedSubject> ofOrgs = followed(first, most, number -> "/v1/orgs/" + BenchCatalogue.probeOrg(number));
        Map<String, Latency> latencies = new LinkedHashMap<>();
        try (Producer<byte[], byte[]> producer = Bed.producer(bed.stack(), 0);
                Listeners users = new Listeners(List.of(app.address()));
                Listeners orgs = new Listeners(List.of(app.address()));
                ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
            users.open(ofUsers);
            orgs.open(ofOrgs);
            long end = System.nanoTime() + seconds * 1_000_000_000L;
            for (int i = first; i < first + most && System.nanoTime() < end; i++) {
                ofUsers.get(i - first).sent();
                ofOrgs.get(i - first).sent();
                String user = BenchCatalogue.probeUser(i);
                String org = BenchCatalogue.probeOrg(i);
                byte[] value = encoder.encode(LatencyRun.probe(i, Instant.now()));
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
                long pause = sent + everyMillis * 1_000_000L - System.nanoTime();
                LockSupport.parkNanos(Math.max(0, pause));
            }
            long giveUp = System.nanoTime() + GIVE_UP_NANOS;
            while (FollowedSubject.missing(ofUsers) + FollowedSubject.missing(ofOrgs) > 0
                    && System.nanoTime() < giveUp) {
                LockSupport.parkNanos(PAUSE_NANOS);
            }
            times.forEach((target, of) -> latencies.put(target, of.latency()));
            latencies.put("SSE, user", users.shown(FollowedSubject.missing(ofUsers)));
            latencies.put("SSE, org", orgs.shown(FollowedSubject.missing(ofOrgs)));
        }
        return latencies;
    }

    private static List<FollowedSubject> followed(int first, int most, IntFunction<String> path) {
        return IntStream.range(first, first + most)
                .mapToObj(number -> new FollowedSubject(path.apply(number)))
                .toList();
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
