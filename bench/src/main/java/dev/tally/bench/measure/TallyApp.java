package dev.tally.bench.measure;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tally.bench.stack.BenchStack;
import dev.tally.bench.stack.ChildProcess;
import dev.tally.bench.stack.Cluster;
import dev.tally.cli.AppClient;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** streams-app as an operator would start it, in a process of its own: its main class and settings, nothing else. */
final class TallyApp implements AutoCloseable {

    private static final String HEAP = "jvm_memory_used_bytes{area=\"heap\"";
    private static final String STREAM_TIMES = "tally_intake_stream_time_seconds{";
    private static final Pattern PARTITION = Pattern.compile("partition=\"(\\d+)\"");
    private static final int MOVED_WITHIN_SECONDS = 120;
    private static final long LOOK_NANOS = 1_000_000_000L;
    private static final String STREAMS_OPEN = "tally_streams_open ";
    private static final String IDS = "tally_ids_remembered{";
    private static final String ID_DISK_CHECKS = "tally_ids_disk_checks{";
    private static final long PAUSE_NANOS = 5_000_000;

    /** One for each core here: each more commits on its own, and what a commit costs does not depend on how much it holds. */
    private static final int TIMED_THREADS = 2;

    private final BenchStack stack;
    private final String name;
    private final ChildProcess process;
    private final AppClient client;
    private final String address;
    private final CompletableFuture<Double> readyAfter;

    private TallyApp(BenchStack stack, String name, ChildProcess process, String address) {
        this.stack = stack;
        this.name = name;
        this.process = process;
        this.address = address;
        this.client = new AppClient(address);
        long begun = System.nanoTime();
        this.readyAfter = CompletableFuture.supplyAsync(
                () -> {
                    awaitReady();
                    return (System.nanoTime() - begun) / 1e9;
                },
                task -> Thread.ofVirtual().start(task));
    }

    /** Starts one for a timed run; its name is its application id. */
    static TallyApp start(RunSite site, String name) {
        return start(site, name, name);
    }

    /** Starts one of several instances for a timed run. */
    static TallyApp start(RunSite site, String applicationId, String name) {
        return start(site.stack(), site.cluster(), applicationId, name, TIMED_THREADS, site.settings());
    }

    /**
     * Starts it.
     *
     * @param name its application id
     * @param more settings besides
     */
    static TallyApp start(BenchStack stack, Cluster cluster, String name, int threads, Map<String, String> more) {
        return start(stack, cluster, name, name, threads, more);
    }

    /**
     * Starts one of several instances.
     *
     * @param name the instance's own
     * @param more settings besides
     */
    static TallyApp start(
            BenchStack stack,
            Cluster cluster,
            String applicationId,
            String name,
            int threads,
            Map<String, String> more) {
        int port = BenchStack.freePort();
        Map<String, String> settings = new LinkedHashMap<>(stack.settings(cluster.topics()));
        settings.put("application.id", applicationId);
        settings.put("num.stream.threads", Integer.toString(threads));
        settings.put("http.port", Integer.toString(port));
        settings.put("state.dir", stack.stateFolder(name).toString());
        settings.putAll(more);
        List<String> command = new ArrayList<>(List.of("dev.tally.streams.app.Main"));
        settings.forEach((key, value) -> {
            command.add("--set");
            command.add(key + "=" + value);
        });
        ChildProcess process = stack.measured(name, List.of(), command);
        return new TallyApp(stack, name, process, "http://127.0.0.1:" + port);
    }

    ChildProcess process() {
        return process;
    }

    Path state() {
        return stack.stateFolder(name);
    }

    AppClient client() {
        return client;
    }

    /** Seconds from its start until it was ready: until all that it is active for was restored. */
    double readySeconds() {
        return readyAfter.join();
    }

    /** Of its HTTP server. */
    String address() {
        return address;
    }

    void awaitReady() {
        await(() ->
                client.get("/health/ready").map(reply -> reply.status() == 200).orElse(false));
    }

    void await(BooleanSupplier condition) {
        while (!condition.getAsBoolean()) {
            process.requireAlive();
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }

    /** Waits, but no longer than so many seconds; whether it came true. */
    boolean await(BooleanSupplier condition, int seconds) {
        long deadline = System.nanoTime() + seconds * 1_000_000_000L;
        AtomicBoolean met = new AtomicBoolean();
        await(() -> {
            met.set(condition.getAsBoolean());
            return met.get() || System.nanoTime() > deadline;
        });
        return met.get();
    }

    /** A number of {@code /v1/conservation}, over all partitions. */
    long conserved(String outcome) {
        long sum = 0;
        for (JsonNode partition : partitions("/v1/conservation").orElseThrow(this::silent)) {
            sum += partition.required(outcome).asLong();
        }
        return sum;
    }

    /** Records of all partitions it is active for that were read, by it or by whoever had them before; 0 while it does not say. */
    long read() {
        long sum = 0;
        for (JsonNode partition : partitions("/v1/conservation").orElse(List.of())) {
            sum += partition.required("read").asLong();
        }
        return sum;
    }

    /** Dead letters of {@code /v1/conservation} by reason, over all partitions. */
    Map<String, Long> deadLetters() {
        Map<String, Long> deadLetters = new TreeMap<>();
        for (JsonNode partition : partitions("/v1/conservation").orElseThrow(this::silent)) {
            partition
                    .required("deadLetters")
                    .properties()
                    .forEach(reason ->
                            deadLetters.merge(reason.getKey(), reason.getValue().asLong(), Long::sum));
        }
        return deadLetters;
    }

    /**
     * The partitions of the actions that anything was counted of and that it is active for itself, as its metrics say: over HTTP it answers
     * for others too. None while partitions move.
     */
    Set<Integer> activePartitions() {
        return metrics(STREAM_TIMES).stream()
                .map(PARTITION::matcher)
                .filter(Matcher::find)
                .map(found -> Integer.valueOf(found.group(1)))
                .collect(Collectors.toSet());
    }

    /**
     * Waits until this one and another are each active for half of so many partitions.
     *
     * @throws IllegalStateException where they are not after two minutes
     */
    void awaitHalf(TallyApp other, int partitions) {
        BooleanSupplier halves = () -> {
            // The page with the metrics is long: asked for all the time it would keep the machine busy.
            LockSupport.parkNanos(LOOK_NANOS);
            return activePartitions().size() == partitions / 2
                    && other.activePartitions().size() == partitions / 2;
        };
        if (!await(halves, MOVED_WITHIN_SECONDS)) {
            throw new IllegalStateException("partitions have not moved: %s and %s of %d"
                    .formatted(activePartitions(), other.activePartitions(), partitions));
        }
    }

    /** Streams of usage that are open here. */
    int openStreams() {
        return (int) metric(STREAMS_OPEN);
    }

    private Optional<List<JsonNode>> partitions(String path) {
        return client.get(path).filter(reply -> reply.status() == 200).map(reply -> {
            List<JsonNode> partitions = new ArrayList<>();
            reply.body().path("partitions").forEach(partitions::add);
            return partitions;
        });
    }

    private IllegalStateException silent() {
        return new IllegalStateException(name + " does not answer:\n" + process.lastWords());
    }

    /** Heap in use, as its metrics say. */
    long heapBytes() {
        return (long) metric(HEAP);
    }

    /** Ids that it remembers, in all partitions. */
    long idsRemembered() {
        return (long) metric(IDS);
    }

    /** Rows it has read to look ids up, in all partitions. */
    double idDiskChecks() {
        return metric(ID_DISK_CHECKS);
    }

    private double metric(String start) {
        return new MetricsPage(address).sum(start);
    }

    /** Lines of its metrics that begin so. */
    List<String> metrics(String start) {
        return new MetricsPage(address).lines(start);
    }

    /** Ends it as a crash would. */
    void kill() {
        stack.kill(process);
    }

    /** Ends it as it is asked to end; its state stays until it is closed. */
    void stop() {
        stack.end(process);
    }

    /** Ends it, and deletes its state. */
    @Override
    public void close() {
        stack.end(process);
        BenchStack.delete(state());
    }
}
