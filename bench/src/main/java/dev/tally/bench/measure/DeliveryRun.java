package dev.tally.bench.measure;

import dev.tally.bench.report.Delivery;
import dev.tally.bench.stack.BenchStack;
import dev.tally.bench.stack.Cluster;
import dev.tally.bench.workload.Backlog;
import dev.tally.schemas.BillableFact;
import dev.tally.schemas.serde.RecordSerde;
import dev.tally.schemas.serde.RecordSerdes;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.apache.kafka.common.header.internals.RecordHeaders;

/**
 * stripe-sink finds a backlog of facts and brings it to Stripe's stand-in, with its limits and a latency of 20 to 80 ms; then it is started
 * again and reads its ledger. Each fact must have come to Stripe once, and no call may have been refused for a limit.
 */
public final class DeliveryRun {

    private static final String APPLICATION = "bench-delivery";
    private static final String RATE_LIMIT = "stripe.rate.limit";
    private static final Duration STUCK_AFTER = Duration.ofMinutes(2);
    private static final Duration WINDOW = Duration.ofSeconds(10);
    private static final long PAUSE_NANOS = 100_000_000;
    private static final int MOST_SENT_AGAIN = 10_000;

    private final BenchStack stack;
    private final Cluster cluster;
    private final Backlog backlog;
    private final Transport transport;
    private final int heapMegabytes;
    private final Map<String, String> settings;
    private final Consumer<String> say;

    /** A way to Stripe, and the settings with which all is asked of it that it can take. */
    public enum Transport {
        /** One event a call, 1,000 a second. */
        V1("v1", "/v1/billing/meter_events", 1_000, 100),
        /** The stream, 10,000 a second. */
        STREAM("v2-stream", "/v2/billing/meter_event_stream", 10_000, 32);

        private final String setting;
        private final String path;
        private final int eventsPerSecond;
        private final int inFlight;

        Transport(String setting, String path, int eventsPerSecond, int inFlight) {
            this.setting = setting;
            this.path = path;
            this.eventsPerSecond = eventsPerSecond;
            this.inFlight = inFlight;
        }
    }

    /** How many facts were done at a time. */
    private record Sample(long nanos, long facts) {}

    /**
     * A run.
     *
     * @param heapMegabytes the sink's largest heap
     * @param settings settings of stripe-sink besides the bench's own
     * @param say takes progress, for people
     */
    public DeliveryRun(
            BenchStack stack,
            Cluster cluster,
            Backlog backlog,
            Transport transport,
            int heapMegabytes,
            Map<String, String> settings,
            Consumer<String> say) {
        this.stack = stack;
        this.cluster = cluster;
        this.backlog = backlog;
        this.transport = transport;
        this.heapMegabytes = heapMegabytes;
        this.settings = Map.copyOf(settings);
        this.say = say;
    }

    /** Measures. */
    public Delivery run() {
        double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
        cluster.clear();
        cluster.create();
        say.accept("publishing %,d facts of %,d customers ...".formatted(backlog.facts(), backlog.customers()));
        publish(backlog.facts());
        try (StripeStandIn stripe = StripeStandIn.start(stack, backlog);
                GroupProgress progress =
                        new GroupProgress(cluster.admin(), stack.bootstrapServers(), APPLICATION + "-stripe-sink")) {
            return run(stripe, progress, load);
        }
    }

    private Delivery run(StripeStandIn stripe, GroupProgress progress, double load) {
        Map<String, String> all = settings(stripe);
        double brokerCpu = stack.broker().usage().cpuSeconds();
        double standInCpu = stripe.process().usage().cpuSeconds();
        List<Sample> samples;
        double drained;
        double sinkCpu;
        double heap;
        double resident;
        try (SinkApp sink = SinkApp.start(stack, all, heapMegabytes)) {
            samples = drain(sink, progress);
            drained = sink.secondsSinceStart();
            sinkCpu = sink.process().usage().cpuSeconds();
            brokerCpu = stack.broker().usage().cpuSeconds() - brokerCpu;
            standInCpu = stripe.process().usage().cpuSeconds() - standInCpu;
            heap = sink.heapBytes();
            resident = sink.process().usage().maxResidentBytes();
        }
        long refused = stripe.calls("", 429);
        verify(stripe, refused);
        try (SinkApp again = SinkApp.start(stack, all, heapMegabytes)) {
            double ready = again.awaitReady();
            say.accept("started again, ready after %.1f s".formatted(ready));
            double restartHeap = again.heapBytes();
            WrongSums.require("stripe-sink", "facts known after its restart", backlog.facts(), (int)
                    again.metric("tally_sink_ledger_size"));
            sendAgain(again, stripe);
            double millions = backlog.facts() / 1e6;
            return new Delivery(
                    transport.setting,
                    backlog.facts(),
                    backlog.customers(),
                    Integer.parseInt(all.getOrDefault(RATE_LIMIT, "0")),
                    load,
                    drained,
                    sustained(samples),
                    slowest(samples),
                    stripe.calls("POST " + transport.path, 200),
                    refused,
                    sinkCpu / millions,
                    brokerCpu / millions,
                    standInCpu / millions,
                    heapMegabytes,
                    heap,
                    resident,
                    ready,
                    restartHeap);
        }
    }

    private Map<String, String> settings(StripeStandIn stripe) {
        Map<String, String> all = new LinkedHashMap<>(stack.settings(cluster.topics()));
        all.put("application.id", APPLICATION);
        all.put("stripe.api.base", stripe.address());
        all.put("stripe.transport", transport.setting);
        all.put(RATE_LIMIT, Integer.toString(transport.eventsPerSecond));
        all.put("stripe.max.in.flight", Integer.toString(transport.inFlight));
        // The comparison with Stripe's sums goes on for hours, and takes its own part of Stripe's limits.
        all.put("stripe.reconcile.interval", "0s");
        all.putAll(settings);
        return all;
    }

    private void publish(int facts) {
        try (RecordSerdes serdes = Bed.servers(stack).serdes();
                Sender sender = new Sender(stack, 50)) {
            RecordSerde<BillableFact> serde = serdes.of(BillableFact.class);
            String topic = cluster.topics().billableUsage();
            for (int i = 0; i < facts; i++) {
                BillableFact fact = backlog.fact(i);
                byte[] key = fact.getPayer().getBytes(StandardCharsets.UTF_8);
                sender.send(topic, key, serde.serializer().serialize(topic, new RecordHeaders(), fact));
            }
        }
    }

    /** Waits until all facts are done, and notes how it went. */
    private List<Sample> drain(SinkApp sink, GroupProgress progress) {
        List<Sample> samples = new ArrayList<>();
        long begun = System.nanoTime();
        samples.add(new Sample(begun, 0));
        long changedAt = begun;
        long saidAt = begun;
        while (samples.getLast().facts() < backlog.facts()) {
            LockSupport.parkNanos(PAUSE_NANOS);
            sink.process().requireAlive();
            long now = System.nanoTime();
            long before = samples.getLast().facts();
            long done = GroupProgress.sum(progress.committed(), cluster.topics().billableUsage());
            samples.add(new Sample(now, done));
            if (done > before) {
                changedAt = now;
            } else if (now - changedAt > STUCK_AFTER.toNanos()) {
                throw new IllegalStateException("no progress any more: " + sink.health() + "\n"
                        + sink.process().lastWords());
            }
            if (now - saidAt >= WINDOW.toNanos()) {
                saidAt = now;
                say.accept("%,d facts after %.0f s".formatted(done, (now - begun) / 1e9));
            }
        }
        return samples;
    }

    private void verify(StripeStandIn stripe, long refused) {
        WrongSums.require("Stripe", "events", (long) backlog.facts(), stripe.events());
        WrongSums.require("Stripe", "units", backlog.units(), stripe.units());
        WrongSums.require("Stripe", "calls beyond a limit", 0L, refused);
    }

    /** What was delivered is known, and is not sent again. */
    private void sendAgain(SinkApp sink, StripeStandIn stripe) {
        int count = Math.min(backlog.facts(), MOST_SENT_AGAIN);
        publish(count);
        sink.await(() -> sink.metric("tally_sink_facts_total{outcome=\"read_again\"") >= count);
        WrongSums.require("Stripe", "events after facts were read again", (long) backlog.facts(), stripe.events());
    }

    private double sustained(List<Sample> samples) {
        Sample from = samples.get(first(samples, backlog.facts() / 10));
        Sample to = samples.get(first(samples, backlog.facts() / 10L * 9));
        return rate(from, to);
    }

    private double slowest(List<Sample> samples) {
        int from = first(samples, backlog.facts() / 10);
        int to = first(samples, backlog.facts() / 10L * 9);
        double slowest = sustained(samples);
        int begin = from;
        for (int end = from; end <= to; end++) {
            while (samples.get(end).nanos() - samples.get(begin + 1).nanos() >= WINDOW.toNanos()) {
                begin++;
            }
            if (samples.get(end).nanos() - samples.get(begin).nanos() >= WINDOW.toNanos()) {
                slowest = Math.min(slowest, rate(samples.get(begin), samples.get(end)));
            }
        }
        return slowest;
    }

    private static int first(List<Sample> samples, long facts) {
        for (int i = 0; i < samples.size(); i++) {
            if (samples.get(i).facts() >= facts) {
                return i;
            }
        }
        throw new IllegalStateException("the last sample has all facts");
    }

    private static double rate(Sample from, Sample to) {
        return to.nanos() == from.nanos() ? 0 : (to.facts() - from.facts()) / ((to.nanos() - from.nanos()) / 1e9);
    }
}
