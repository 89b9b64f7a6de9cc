package dev.tally.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/** A stack started by {@code ./tally up}, on ports of its own. */
final class LocalStack implements AutoCloseable {

    /** Somewhere else in each JVM, so that two test runs do not look for the same ports. */
    private static final AtomicInteger NEXT_PORT =
            new AtomicInteger(20_000 + (int) (ProcessHandle.current().pid() % 500) * 20);

    private static final Duration READY_WITHIN = Duration.ofMinutes(5);

    private final Path data;
    private final int kafka = freePort();
    private final int registry = freePort();
    private final int http = freePort();
    private final int sink = freePort();
    private final int stripe = freePort();
    private final List<String> options;
    private @Nullable Process process;

    LocalStack(String name, String... options) {
        this.data = Tally.ROOT
                .resolve("e2e/target/stacks")
                .resolve(name + "-" + ProcessHandle.current().pid());
        this.options = List.of(options);
    }

    /**
     * A port nobody listens on at the moment, never the same twice. It lies below those that operating systems give to outgoing
     * connections: one of these could take it before it is used.
     */
    static int freePort() {
        for (int port = NEXT_PORT.getAndIncrement(); port < 32_000; port = NEXT_PORT.getAndIncrement()) {
            try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return socket.getLocalPort();
            } catch (IOException taken) {
                System.out.println("port " + port + " is taken");
            }
        }
        throw new IllegalStateException("no free port");
    }

    LocalStack start() {
        try {
            Files.createDirectories(data);
            Path log = data.resolve("up.log");
            Files.deleteIfExists(log);
            ProcessBuilder up =
                    new ProcessBuilder(command()).redirectErrorStream(true).redirectOutput(log.toFile());
            // The whole stack: processes that live for minutes do not earn back what C2 costs, a fifth of their time.
            up.environment().merge("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1", (given, ours) -> given + " " + ours);
            Process started = up.start();
            process = started;
            // For whoever has to end it in this test's place.
            Files.writeString(data.resolve("up.pid"), Long.toString(started.pid()));
            Awaitility.await()
                    .atMost(READY_WITHIN)
                    .pollInterval(Duration.ofMillis(100))
                    .until(() -> !started.isAlive() || text(log).contains("\nready in "));
            if (!started.isAlive()) {
                throw new IllegalStateException("tally up ended with " + started.exitValue() + ":\n" + text(log));
            }
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    List<String> command() {
        List<String> command = new ArrayList<>(List.of(
                Tally.ROOT.resolve("tally").toString(),
                "up",
                "--no-demo",
                "--data",
                data.toString(),
                "--kafka-port",
                "" + kafka,
                "--registry-port",
                "" + registry,
                "--http-port",
                "" + http,
                "--sink-port",
                "" + sink,
                "--stripe-port",
                "" + stripe));
        command.addAll(options);
        return command;
    }

    private static String text(Path file) throws IOException {
        return Files.exists(file) ? Files.readString(file, StandardCharsets.UTF_8) : "";
    }

    /** Seconds it took to get ready, as it says itself. */
    String readyIn() throws IOException {
        String log = text(data.resolve("up.log"));
        return log.substring(log.indexOf("ready in ") + 9, log.indexOf(" s;"));
    }

    String bootstrapServers() {
        return "127.0.0.1:" + kafka;
    }

    String registryUrl() {
        return registryOrigin() + "/apis/ccompat/v7";
    }

    String registryOrigin() {
        return "http://127.0.0.1:" + registry;
    }

    String app() {
        return "http://127.0.0.1:" + http;
    }

    String sink() {
        return "http://127.0.0.1:" + sink;
    }

    String stripe() {
        return "http://127.0.0.1:" + stripe;
    }

    /** Options that point a command to this stack. */
    String[] servers() {
        return new String[] {"--bootstrap-server", bootstrapServers(), "--schema-registry", registryUrl()};
    }

    /** Ends a process of the stack the hard way; {@code up} starts it again. Waits until it is another one. */
    void kill9(String name) {
        Path file = data.resolve("pids").resolve(name + ".pid");
        try {
            String pid = Files.readString(file);
            ProcessHandle.of(Long.parseLong(pid)).orElseThrow().destroyForcibly();
            Awaitility.await().atMost(Duration.ofMinutes(1)).until(() -> {
                String now = text(file);
                return !now.isEmpty() && !now.equals(pid);
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Asks it to stop, as Ctrl-C does, and waits. */
    void stop() {
        Process running = process;
        if (running != null) {
            running.destroy();
            try {
                if (!running.waitFor(90, TimeUnit.SECONDS)) {
                    running.destroyForcibly();
                    throw new IllegalStateException("tally up did not stop");
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            process = null;
        }
    }

    @Override
    public void close() {
        stop();
    }
}
