package dev.tally.bench.measure;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tally.bench.stack.BenchStack;
import dev.tally.bench.stack.ChildProcess;
import dev.tally.bench.workload.Backlog;
import dev.tally.cli.AppClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

/** The stand-in for Stripe in a process of its own, with Stripe's limits, and calls that take 20 to 80 ms longer than it needs. */
final class StripeStandIn implements AutoCloseable {

    private static final long PAUSE_NANOS = 20_000_000;

    /** What it keeps of an event and of the answer saved for it, rounded up. */
    private static final int BYTES_OF_A_FACT = 1_500;

    private static final int LEAST_HEAP_MEGABYTES = 512;

    private final BenchStack stack;
    private final ChildProcess process;
    private final String address;
    private final AppClient client;

    private StripeStandIn(BenchStack stack, ChildProcess process, String address) {
        this.stack = stack;
        this.process = process;
        this.address = address;
        this.client = new AppClient(address);
    }

    /** Starts one that knows the customers of a backlog, and waits until it answers. */
    static StripeStandIn start(BenchStack stack, Backlog backlog) {
        int port = BenchStack.freePort();
        Path folder = stack.stateFolder("stripe");
        long heap = LEAST_HEAP_MEGABYTES + (long) backlog.facts() * BYTES_OF_A_FACT / 1_000_000;
        ChildProcess process = stack.child(
                "stripe-stand-in",
                // All of it from the beginning: a collection that moves everything would be a Stripe that stands still.
                List.of("-Xms" + heap + "m", "-Xmx" + heap + "m", "-Xmn" + heap / 4 + "m", "-XX:+UseSerialGC"),
                List.of(
                        "dev.tally.cli.standin.StandInMain",
                        "--port",
                        Integer.toString(port),
                        "--data",
                        folder.toString(),
                        "--account",
                        account(folder, backlog).toString(),
                        "--variants",
                        "limits,latency"));
        StripeStandIn standIn = new StripeStandIn(stack, process, "http://127.0.0.1:" + port);
        while (standIn.client.get("/health/ready").isEmpty()) {
            process.requireAlive();
            LockSupport.parkNanos(PAUSE_NANOS);
        }
        return standIn;
    }

    private static Path account(Path folder, Backlog backlog) {
        Map<String, Object> account = Map.of(
                "meters",
                List.of(Map.of("id", "mtr_bench", "event_name", Backlog.EVENT_NAME, "formula", "sum")),
                "customers",
                IntStream.range(0, backlog.customers())
                        .mapToObj(number -> Map.of("id", Backlog.customer(number)))
                        .toList());
        try {
            Path file = Files.createDirectories(folder).resolve("account.json");
            new ObjectMapper().writeValue(file.toFile(), account);
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    ChildProcess process() {
        return process;
    }

    String address() {
        return address;
    }

    /** Events that count. */
    long events() {
        return usage().required("events").asLong();
    }

    /** Units of all of them. */
    long units() {
        return usage().required("total").asLong();
    }

    private JsonNode usage() {
        return page("/stand-in/usage");
    }

    /** How many calls to paths that begin so were answered with a status. */
    long calls(String start, int status) {
        long sum = 0;
        for (Map.Entry<String, JsonNode> call :
                page("/stand-in/calls").required("calls").properties()) {
            if (call.getKey().startsWith(start) && call.getKey().endsWith(" " + status)) {
                sum += call.getValue().asLong();
            }
        }
        return sum;
    }

    private JsonNode page(String path) {
        return client.get(path)
                .orElseThrow(() -> new IllegalStateException("the stand-in does not answer:\n" + process.lastWords()))
                .body();
    }

    @Override
    public void close() {
        stack.end(process);
    }
}
