package dev.tally.bench.measure;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tally.bench.stack.BenchStack;
import dev.tally.bench.stack.ChildProcess;
import dev.tally.cli.AppClient;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** stripe-sink as an operator would start it, in a process of its own. */
final class SinkApp implements AutoCloseable {

    private static final long PAUSE_NANOS = 20_000_000;

    private final BenchStack stack;
    private final ChildProcess process;
    private final AppClient client;
    private final String address;
    private final long begun = System.nanoTime();

    private SinkApp(BenchStack stack, ChildProcess process, String address) {
        this.stack = stack;
        this.process = process;
        this.address = address;
        this.client = new AppClient(address);
    }

    /**
     * Starts it.
     *
     * @param heapMegabytes the largest heap it may have
     */
    static SinkApp start(BenchStack stack, Map<String, String> settings, int heapMegabytes) {
        int port = BenchStack.freePort();
        Map<String, String> all = new LinkedHashMap<>(settings);
        all.put("http.port", Integer.toString(port));
        List<String> command = new ArrayList<>(List.of("dev.tally.sink.app.Main"));
        all.forEach((key, value) -> {
            command.add("--set");
            command.add(key + "=" + value);
        });
        ChildProcess process =
                stack.child("stripe-sink", List.of("-Xmx" + heapMegabytes + "m", "-XX:+UseSerialGC"), command);
        return new SinkApp(stack, process, "http://127.0.0.1:" + port);
    }

    ChildProcess process() {
        return process;
    }

    /** Waits until it has read its ledger and found Stripe's account as it must be; the seconds since its start. */
    double awaitReady() {
        await(() ->
                client.get("/health/ready").map(reply -> reply.status() == 200).orElse(false));
        return secondsSinceStart();
    }

    double secondsSinceStart() {
        return (System.nanoTime() - begun) / 1e9;
    }

    void await(BooleanSupplier condition) {
        while (!condition.getAsBoolean()) {
            process.requireAlive();
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }

    /** What it says of its health, for people. */
    String health() {
        return client.get("/health/ready")
                .map(AppClient.Reply::body)
                .map(JsonNode::toString)
                .orElse("no answer");
    }

    /** Bytes of heap in use after a collection. */
    double heapBytes() {
        process.collectGarbage();
        return metric("jvm_memory_used_bytes{area=\"heap\"");
    }

    /** Sum of the lines of its metrics that begin so. */
    double metric(String start) {
        return new MetricsPage(address).sum(start);
    }

    @Override
    public void close() {
        stack.end(process);
    }
}
