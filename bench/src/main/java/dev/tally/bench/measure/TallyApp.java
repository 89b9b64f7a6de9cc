package dev.tally.bench.measure;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tally.bench.stack.BenchStack;
import dev.tally.bench.stack.ChildProcess;
import dev.tally.bench.stack.Cluster;
import dev.tally.cli.AppClient;
import dev.tally.schemas.topics.Topics;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** streams-app as an operator would start it, in a process of its own: its main class and settings, nothing else. */
final class TallyApp implements AutoCloseable {

    private static final String HEAP = "jvm_memory_used_bytes{area=\"heap\"";
    private static final long PAUSE_NANOS = 5_000_000;

    private final BenchStack stack;
    private final String name;
    private final ChildProcess process;
    private final AppClient client;
    private final String address;

    private TallyApp(BenchStack stack, String name, ChildProcess process, String address) {
        this.stack = stack;
        this.name = name;
        this.process = process;
        this.address = address;
        this.client = new AppClient(address);
    }

    /**
     * Starts it.
     *
     * @param name its application id
     * @param more settings besides
     */
    static TallyApp start(BenchStack stack, Cluster cluster, String name, int threads, Map<String, String> more) {
        int port = BenchStack.freePort();
        Topics topics = cluster.topics();
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("bootstrap.servers", stack.bootstrapServers());
        settings.put("schema.registry.url", stack.registryUrl());
        settings.put("topic.prefix", topics.prefix());
        settings.put("application.id", name);
        settings.put("actions.partitions", Integer.toString(topics.actionsPartitions()));
        settings.put("subject.partitions", Integer.toString(topics.subjectPartitions()));
        settings.put("num.stream.threads", Integer.toString(threads));
        settings.put("http.port", Integer.toString(port));
        settings.put("state.dir", stack.stateFolder(name).toString());
        settings.putAll(more);
        List<String> command = new ArrayList<>(List.of("dev.tally.streams.app.Main"));
        settings.forEach((key, value) -> {
            command.add("--set");
            command.add(key + "=" + value);
        });
        ChildProcess process = stack.child(name, BaselineRun.JVM, command);
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
        await(() -> condition.getAsBoolean() || System.nanoTime() > deadline);
        return condition.getAsBoolean();
    }

    /** A number of {@code /v1/conservation}, over all partitions. */
    long conserved(String outcome) {
        JsonNode partitions = client.get("/v1/conservation")
                .filter(reply -> reply.status() == 200)
                .orElseThrow(() -> new IllegalStateException(name + " does not answer /v1/conservation"))
                .body()
                .path("partitions");
        long sum = 0;
        for (JsonNode partition : partitions) {
            sum += partition.required(outcome).asLong();
        }
        return sum;
    }

    /** Heap in use, as its metrics say. */
    long heapBytes() {
        HttpRequest request =
                HttpRequest.newBuilder(URI.create(address + "/metrics")).build();
        try (HttpClient http = HttpClient.newHttpClient()) {
            return http.send(request, HttpResponse.BodyHandlers.ofLines())
                    .body()
                    .filter(line -> line.startsWith(HEAP))
                    .mapToLong(line -> (long) Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                    .sum();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    /** Ends it, and deletes its state. */
    @Override
    public void close() {
        stack.end(process);
        BenchStack.delete(state());
    }
}
