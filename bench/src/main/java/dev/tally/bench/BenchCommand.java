package dev.tally.bench;

import dev.tally.bench.measure.AdmissionRun;
import dev.tally.bench.measure.Bed;
import dev.tally.bench.measure.CapacityRun;
import dev.tally.bench.measure.DeliveryRun;
import dev.tally.bench.measure.ExportRun;
import dev.tally.bench.measure.LatencyRun;
import dev.tally.bench.measure.ReadsRun;
import dev.tally.bench.measure.RunSite;
import dev.tally.bench.measure.Runs;
import dev.tally.bench.measure.StandbyRun;
import dev.tally.bench.measure.StreamsRun;
import dev.tally.bench.measure.Variant;
import dev.tally.bench.report.BarChart;
import dev.tally.bench.report.Capacity;
import dev.tally.bench.report.CoreTime;
import dev.tally.bench.report.Delivery;
import dev.tally.bench.report.Figures;
import dev.tally.bench.report.Flood;
import dev.tally.bench.report.Latency;
import dev.tally.bench.report.Machine;
import dev.tally.bench.report.Medians;
import dev.tally.bench.report.Promotion;
import dev.tally.bench.report.Report;
import dev.tally.bench.report.Versions;
import dev.tally.bench.stack.BenchStack;
import dev.tally.bench.stack.Cluster;
import dev.tally.bench.workload.Backlog;
import dev.tally.bench.workload.Garbage;
import dev.tally.bench.workload.Workload;
import dev.tally.bench.workload.WorkloadSpec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code tally bench}. */
@Command(
        name = "bench",
        description = {
            "Measures Tally beside simpler programs, on a real broker, with exact sums checked in every run.",
            "Each run of a variant is a fresh process. The first --warm-up records of the topic warm it up and are not timed;",
            "A, which is too fast for that, reads the whole topic once before. Rounds alternate the variants; figures are medians."
        },
        mixinStandardHelpOptions = true)
final class BenchCommand implements Callable<Integer> {

    private static final int FULL_EVENTS = 2_000_000;
    private static final int QUICK_EVENTS = 40_000;
    private static final int FULL_ROUNDS = 3;
    private static final int CUSTOMERS = 10_000;
    private static final Duration SPAN = Duration.ofDays(2);
    /** Event time ends before the present, so that the last billing interval has ended too. */
    private static final Duration BEFORE_NOW = Duration.ofMinutes(10);

    private static final Duration INTERVAL = Duration.ofMinutes(5);

    /** Over in seconds: what C2 compiles then, it compiles for nobody. */
    private static final List<String> SHORT_LIVED = List.of("-XX:TieredStopAtLevel=1");

    private static final List<Integer> GROWTH = List.of(10_000, 100_000, 1_000_000, 10_000_000);
    private static final int ACTIONS_BESIDE = 5_000;
    private static final int ACTIONS_BESIDE_READS = 1_000;
    private static final List<Integer> RATES = List.of(1_000, 5_000, 50_000);

    @Option(
            names = "--mode",
            defaultValue = "throughput",
            description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    private Mode mode = Mode.THROUGHPUT;

    @Option(
            names = "--quick",
            description = "A smoke test: 40,000 events, one round. Its figures mean little, its sums all.")
    private boolean quick;

    @Option(names = "--events", description = "Timed records (default: 2,000,000).")
    private @Nullable Integer events;

    @Option(
            names = "--warm-up",
            description = "Records before the timed ones (default: half of --events; none with --quick).")
    private @Nullable Integer warmUp;

    @Option(names = "--rounds", description = "Rounds (default: 3).")
    private @Nullable Integer rounds;

    @Option(
            names = "--variants",
            split = ",",
            description =
                    "Only these, by name: A, C, D, T-core-1, T-core, T-core-portable, T-full. T-core-portable runs only if named.")
    private List<String> only = List.of();

    @Option(
            names = "--remembered",
            paramLabel = "IDS",
            defaultValue = "0",
            description =
                    "Ids that Tally remembers from the day before the workload, in throughput and standby mode (default: ${DEFAULT-VALUE}).")
    private long remembered;

    @Option(
            names = "--garbage",
            paramLabel = "PERCENT",
            defaultValue = "0",
            description =
                    "Throughput mode: T-core over records of which so many are refused, beside T-core over as many that are not.")
    private int garbage;

    @Option(names = "--users", defaultValue = "50000", description = "Users, Zipf 0.9 (default: ${DEFAULT-VALUE}).")
    private int users = 50_000;

    @Option(names = "--orgs", defaultValue = "1000", description = "Orgs, Zipf 0.9 (default: ${DEFAULT-VALUE}).")
    private int orgs = 1_000;

    @Option(names = "--growth-users", split = ",", description = "Numbers of users in growth mode.")
    private List<Integer> growthUsers = GROWTH;

    @Option(names = "--rates", split = ",", description = "Events per second in latency mode.")
    private List<Integer> rates = RATES;

    @Option(
            names = "--seconds",
            defaultValue = "30",
            description =
                    "Seconds at each rate in latency mode, of asking in admission mode, of each part of reads and streams mode.")
    private int seconds = 30;

    @Option(
            names = "--asks",
            defaultValue = "500",
            description =
                    "Admissions asked for each second in admission mode, beside 5,000 actions (default: ${DEFAULT-VALUE}).")
    private int asks = 500;

    @Option(
            names = "--reads",
            defaultValue = "5000",
            description =
                    "Reads each second in reads mode, beside 1,000 actions, of any of --users (default: ${DEFAULT-VALUE}).")
    private int reads = 5_000;

    @Option(
            names = "--streams",
            defaultValue = "5000",
            description = "Open streams of usage in streams mode, beside 1,000 actions/s (default: ${DEFAULT-VALUE}).")
    private int streams = 5_000;

    @Option(
            names = "--subjects",
            defaultValue = "1000000",
            description =
                    "Users in capacity mode, who make --events actions, if not given one each (default: ${DEFAULT-VALUE}).")
    private int subjects = 1_000_000;

    @Option(
            names = "--in-orgs",
            paramLabel = "PERCENT",
            defaultValue = "10",
            description = "How many of them belong to orgs (default: ${DEFAULT-VALUE}).")
    private int inOrgs = 10;

    @Option(
            names = "--facts",
            defaultValue = "2880000",
            description =
                    "Facts of 10,000 customers that lie ready in delivery mode (default: ${DEFAULT-VALUE}, those of 24 hours).")
    private int facts = 2_880_000;

    @Option(
            names = "--transport",
            defaultValue = "stream",
            description =
                    "How they go to Stripe in delivery mode: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    private DeliveryRun.Transport transport = DeliveryRun.Transport.STREAM;

    @Option(
            names = "--sink-heap",
            paramLabel = "MB",
            defaultValue = "512",
            description = "The largest heap of stripe-sink in delivery mode (default: ${DEFAULT-VALUE}).")
    private int sinkHeap = 512;

    @Option(
            names = "--partitions",
            defaultValue = "4",
            description = "Partitions of all topics (default: ${DEFAULT-VALUE}).")
    private int partitions = 4;

    @Option(names = "--seed", defaultValue = "42", description = "Seed of the workload (default: ${DEFAULT-VALUE}).")
    private long seed = 42;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "A setting of streams-app, in delivery mode of stripe-sink; repeatable.")
    private Map<String, String> settings = new LinkedHashMap<>();

    @Option(
            names = "--jvm",
            paramLabel = "OPTION",
            defaultValue =
                    "-Xms1g,-Xmx2g,-XX:+UseParallelGC,-XX:ReservedCodeCacheSize=512m,-XX:+IgnoreUnrecognizedVMOptions,-XX:+UseCompactObjectHeaders",
            split = ",",
            description =
                    "Options of the JVM of each program that is measured, the same for all (default: ${DEFAULT-VALUE}).")
    private List<String> jvm = List.of();

    @Option(names = "--json", paramLabel = "FILE", description = "Writes all figures as JSON.")
    private @Nullable Path json;

    @Option(
            names = "--chart",
            paramLabel = "FILE.svg",
            description = "Draws events/s (throughput mode) or CPU (growth mode).")
    private @Nullable Path chart;

    @Override
    public Integer call() throws IOException {
        CoreTime before = CoreTime.now();
        Map<String, List<Figures>> found = new LinkedHashMap<>();
        Map<String, Map<String, Latency>> latency = new LinkedHashMap<>();
        Map<String, Figures> growth = new LinkedHashMap<>();
        Promotion promotion = null;
        Delivery delivery = null;
        Capacity capacity = null;
        try (BenchStack stack = BenchStack.start(quick ? SHORT_LIVED : List.of(), jvm);
                Cluster cluster = new Cluster(stack.bootstrapServers(), Bed.topics(partitions))) {
            switch (mode) {
                case THROUGHPUT -> {
                    if (garbage > 0) {
                        flood(stack, cluster, found);
                    } else {
                        throughput(stack, cluster, found);
                    }
                }
                case LATENCY -> latency.putAll(new LatencyRun(site(stack, cluster)).run(rates, seconds));
                case ADMISSION ->
                    latency.putAll(new AdmissionRun(site(stack, cluster)).run(asks, ACTIONS_BESIDE, seconds));
                case READS ->
                    latency.putAll(new ReadsRun(site(stack, cluster)).run(reads, ACTIONS_BESIDE_READS, seconds));
                case STREAMS ->
                    latency.putAll(new StreamsRun(site(stack, cluster)).run(streams, ACTIONS_BESIDE_READS, seconds));
                case EXPORT -> latency.putAll(new ExportRun(site(stack, cluster)).run(events()));
                case GROWTH -> growth(stack, cluster, growth);
                case STANDBY ->
                    promotion = new StandbyRun(
                                    stack, cluster, new Workload(spec(users)), settings, remembered, BenchCommand::say)
                            .run();
                case CAPACITY ->
                    capacity = new CapacityRun(site(stack, cluster), subjects, inOrgs)
                            .run(events == null ? subjects : events);
                case DELIVERY ->
                    delivery = new DeliveryRun(
                                    stack,
                                    cluster,
                                    Backlog.until(Instant.now(), facts, CUSTOMERS),
                                    transport,
                                    sinkHeap,
                                    settings,
                                    BenchCommand::say)
                            .run();
            }
        }
        Report report = new Report(
                Machine.here(before),
                Versions.here(),
                workload(),
                found,
                latency,
                growth,
                floodOf(found),
                promotion,
                delivery,
                capacity);
        System.out.print(report.text());
        write(report);
        return 0;
    }

    private RunSite site(BenchStack stack, Cluster cluster) {
        return new RunSite(stack, cluster, new Workload(spec(users)), settings, BenchCommand::say);
    }

    private void throughput(BenchStack stack, Cluster cluster, Map<String, List<Figures>> found) {
        say("publishing %,d records ...".formatted(spec(users).records()));
        Bed bed = Bed.publish(stack, cluster, new Workload(spec(users)), warmUp());
        Runs runs = new Runs(settings, remembered);
        Set<Variant> variants = variants();
        for (int round = 1; round <= rounds(); round++) {
            for (Variant variant : variants) {
                note(found, round, variant.label(), runs.run(bed, variant, Integer.toString(round)));
            }
        }
    }

    /** The actions of a flood are fewer, its records as many. */
    private void flood(BenchStack stack, Cluster cluster, Map<String, List<Figures>> found) {
        Runs runs = new Runs(settings, remembered);
        Garbage kinds = new Garbage(seed, garbage);
        WorkloadSpec all = spec(users);
        long refused = kinds.reasons(all.records()).values().stream()
                .mapToLong(Long::longValue)
                .sum();
        Workload fewer = new Workload(all.with(Math.toIntExact(all.records() - refused)));
        for (int round = 1; round <= rounds(); round++) {
            say("publishing %,d records, %,d of them garbage, then as many without ..."
                    .formatted(all.records(), refused));
            Bed flood = Bed.flood(stack, cluster, fewer, warmUp(), kinds, all.records());
            note(found, round, flooded(), runs.run(flood, Variant.T_CORE, "flood-" + round));
            Bed sound = Bed.publish(stack, cluster, new Workload(all), warmUp());
            note(found, round, Variant.T_CORE.label(), runs.run(sound, Variant.T_CORE, Integer.toString(round)));
        }
    }

    private String flooded() {
        return "%s, %d %%".formatted(Variant.T_CORE.label(), garbage);
    }

    private @Nullable Flood floodOf(Map<String, List<Figures>> found) {
        List<Figures> with = found.get(flooded());
        List<Figures> without = found.get(Variant.T_CORE.label());
        return garbage == 0 || with == null || without == null
                ? null
                : Flood.of(
                        garbage,
                        Medians.ofRounds(with).eventsPerSecond(),
                        Medians.ofRounds(without).eventsPerSecond());
    }

    private static void note(Map<String, List<Figures>> found, int round, String label, Figures figures) {
        found.computeIfAbsent(label, any -> new ArrayList<>()).add(figures);
        say("round %d, %-8s %,11.0f events/s, app %.2f, broker %.2f CPU s per million"
                .formatted(
                        round,
                        label,
                        figures.eventsPerSecond(),
                        figures.appCpuSecondsPerMillion(),
                        figures.brokerCpuSecondsPerMillion()));
    }

    private void growth(BenchStack stack, Cluster cluster, Map<String, Figures> growth) {
        Runs runs = new Runs(settings, 0);
        for (int size : growthUsers) {
            say("publishing %,d records of %,d users ...".formatted(spec(size).records(), size));
            Bed bed = Bed.publish(stack, cluster, new Workload(spec(size)), warmUp());
            growth.put(Integer.toString(size), runs.run(bed, Variant.T_FULL, Integer.toString(size)));
        }
    }

    private Set<Variant> variants() {
        Set<Variant> variants = EnumSet.allOf(Variant.class);
        if (!only.isEmpty()) {
            variants.removeIf(variant -> !only.contains(variant.label()));
        } else {
            variants.removeIf(variant -> !variant.isUsual() || (quick && variant == Variant.T_CORE_1));
        }
        return variants;
    }

    private int events() {
        if (events != null) {
            return events;
        }
        return quick ? QUICK_EVENTS : FULL_EVENTS;
    }

    private int warmUp() {
        if (warmUp != null) {
            return warmUp;
        }
        return quick ? 0 : events() / 2;
    }

    private int rounds() {
        if (rounds != null) {
            return rounds;
        }
        return quick ? 1 : FULL_ROUNDS;
    }

    private WorkloadSpec spec(int ofUsers) {
        long interval = INTERVAL.toMillis();
        long end = Math.floorDiv(Instant.now().minus(BEFORE_NOW).toEpochMilli(), interval) * interval;
        return new WorkloadSpec(
                seed, Math.addExact(events(), warmUp()), ofUsers, orgs, Instant.ofEpochMilli(end), SPAN);
    }

    private Map<String, Object> workload() {
        Map<String, Object> workload = new LinkedHashMap<>();
        workload.put("mode", mode.name().toLowerCase(java.util.Locale.ROOT));
        workload.put("quick", quick);
        workload.put("seed", seed);
        workload.put("events", events());
        workload.put("warmUp", warmUp());
        workload.put("rounds", rounds());
        workload.put("users", users);
        workload.put("orgs", orgs);
        workload.put("partitions", partitions);
        workload.put("remembered", remembered);
        workload.put("garbage", garbage);
        workload.put("jvm", jvm);
        workload.put("settings", settings);
        return workload;
    }

    private void write(Report report) throws IOException {
        if (json != null) {
            Files.writeString(json, report.json() + "\n", StandardCharsets.UTF_8);
        }
        if (chart == null || (mode != Mode.THROUGHPUT && mode != Mode.GROWTH)) {
            return;
        }
        boolean grown = mode == Mode.GROWTH;
        Map<String, Double> bars = new LinkedHashMap<>();
        if (grown) {
            report.growth().forEach((size, of) -> bars.put(size + " users", of.eventsPerSecond()));
        } else {
            report.medians().forEach((variant, of) -> bars.put(variant, of.eventsPerSecond()));
        }
        String note = "%d cores, %s, Kafka %s, JDK %s; %,d events, median of %d"
                .formatted(
                        report.machine().cores(),
                        report.machine().kernel(),
                        report.versions().kafka(),
                        report.machine().jdk(),
                        events(),
                        grown ? 1 : rounds());
        Files.writeString(chart, BarChart.svg("Events per second", bars, note), StandardCharsets.UTF_8);
    }

    private static void say(String line) {
        System.err.println("tally bench: " + line);
    }
}
