package dev.tally.bench.measure;

import dev.tally.bench.report.Latency;
import dev.tally.bench.workload.BenchCatalogue;
import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.Trigger;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/**
 * How soon an action shows, under steady traffic. Probes are single actions of users and orgs of their own, one after the other, about
 * ten a second; each user's first action also reaches a daily limit, so it raises an alert. The clock of a probe starts before it is
 * given to the producer.
 */
public final class LatencyRun {

    /** After a burst the same as what is measured: on two cores the JIT compilers of three young processes take most of the time of the first minutes. */
    private static final int WARM_UP_RATE = 5_000;

    private static final int WARM_UP_SECONDS = 120;

    private static final int SETTLE_SECONDS = 5;
    private static final int PROBE_EVERY_MILLIS = 100;

    private final RunSite site;

    /** A run at a site. */
    public LatencyRun(RunSite site) {
        this.site = site;
    }

    /** Measures at each of these rates; by rate, then by what was waited for. */
    public Map<String, Map<String, Latency>> run(List<Integer> rates, int secondsEach) {
        int probesEach = secondsEach * 1_000 / PROBE_EVERY_MILLIS;
        Bed bed = site.bed();
        int warmUpProbes = WARM_UP_SECONDS * 1_000 / PROBE_EVERY_MILLIS;
        bed.apply(BenchCatalogue.probed(site.workload().spec(), warmUpProbes + probesEach * rates.size()));
        String name = "bench-latency";
        Map<String, Map<String, Latency>> latencies = new LinkedHashMap<>();
        try (TallyApp app = TallyApp.start(site, name);
                GroupProgress progress =
                        new GroupProgress(site.cluster().admin(), site.stack().bootstrapServers(), name);
                Arrivals usage = Arrivals.of(bed, site.cluster().topics().usage());
                Arrivals alerts = Arrivals.of(bed, site.cluster().topics().quotaAlerts());
                Traffic traffic = Traffic.of(bed, site.workload())) {
            app.awaitReady();
            GroupClock clock = new GroupClock(app.process(), site.stack().broker(), progress);
            Probes probes = new Probes(bed, app, usage, alerts);
            site.say().accept("warming up for %d s ...".formatted(Traffic.BURST_SECONDS + WARM_UP_SECONDS));
            traffic.burst(clock);
            traffic.rate(WARM_UP_RATE);
            Map<String, Latency> unused = probes.run(0, warmUpProbes, WARM_UP_SECONDS, PROBE_EVERY_MILLIS);
            int first = warmUpProbes;
            for (int rate : rates) {
                traffic.rate(rate);
                LockSupport.parkNanos(SETTLE_SECONDS * 1_000_000_000L);
                site.say().accept("latency at %,d/s for %d s ...".formatted(rate, secondsEach));
                double sentBefore = traffic.sent();
                long begun = System.nanoTime();
                Map<String, Latency> found = probes.run(first, probesEach, secondsEach, PROBE_EVERY_MILLIS);
                double achieved = (traffic.sent() - sentBefore) * 1e9 / (System.nanoTime() - begun);
                latencies.put("%d/s (%.0f/s sent)".formatted(rate, achieved), found);
                first += probesEach;
                traffic.rate(0);
                clock.awaitEnd(site.cluster().topics().actions());
            }
        }
        return latencies;
    }

    /** The action of a probe. */
    static ActionEvent probe(int number, Instant at) {
        return new ActionEvent(
                "probe-" + number,
                at,
                BenchCatalogue.probeUser(number),
                BenchCatalogue.probeOrg(number),
                "space-0",
                "model-0",
                "tool.call-0",
                Trigger.CHAT_COMMAND,
                false,
                Map.of("credits", 1L),
                null,
                null);
    }
}
