package dev.tally.bench.stack;

import dev.tally.cli.stack.Broker;
import dev.tally.cli.stack.StackOptions;
import dev.tally.schemas.testing.RegistryFake;
import dev.tally.schemas.topics.Topics;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;

/**
 * What every variant runs on: a real broker (KRaft, one node) in a process of its own, and a schema registry. The registry is a fake
 * within this process, the one the tests use: it is asked a few times at the start of a program and never again, so it decides no
 * figure, and a bench needs no download. All on 127.0.0.1, in a temporary folder that goes away with it.
 */
public final class BenchStack implements AutoCloseable {

    private static final int READY_WITHIN_SECONDS = 60;

    private final Path folder;
    private final int kafkaPort;
    private final RegistryFake registry;
    private final List<String> jvm;
    private final List<String> measuredJvm;
    private final Deque<ChildProcess> children = new ArrayDeque<>();
    private boolean closed;

    private BenchStack(Path folder, int kafkaPort, RegistryFake registry, List<String> jvm, List<String> measuredJvm) {
        this.folder = folder;
        this.kafkaPort = kafkaPort;
        this.registry = registry;
        this.jvm = List.copyOf(jvm);
        this.measuredJvm = List.copyOf(measuredJvm);
    }

    /**
     * Starts broker and registry, and waits for the broker.
     *
     * @param jvm options of every process' JVM, besides its own
     * @param measuredJvm options of the JVM of each process that is measured
     */
    public static BenchStack start(List<String> jvm, List<String> measuredJvm) {
        Path folder;
        try {
            folder = Files.createTempDirectory("tally-bench");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        BenchStack stack = new BenchStack(folder, freePort(), RegistryFake.start(), jvm, measuredJvm);
        Runtime.getRuntime().addShutdownHook(new Thread(stack::close, "bench-shutdown"));
        try {
            stack.startBroker();
        } catch (RuntimeException e) {
            stack.close();
            throw e;
        }
        return stack;
    }

    private void startBroker() {
        StackOptions options = new StackOptions(folder, folder, kafkaPort, 0, 0, 0, 0, null, Map.of());
        new Broker(options).format();
        // Unlike `up`'s broker it compiles with C2: a slow broker would hide what the programs cost.
        ChildProcess broker = child(
                "kafka",
                List.of("-Xms512m", "-Xmx512m", "-XX:+UseSerialGC"),
                List.of("kafka.Kafka", Broker.configFile(options).toString()));
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(READY_WITHIN_SECONDS);
        while (!answers()) {
            broker.requireAlive();
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("Kafka is not ready:\n" + broker.lastWords());
            }
        }
    }

    private boolean answers() {
        Map<String, Object> config = Map.of(
                "bootstrap.servers", bootstrapServers(), "default.api.timeout.ms", 1_000, "request.timeout.ms", 1_000);
        try (Admin admin = Admin.create(config)) {
            admin.describeCluster().nodes().get(1, TimeUnit.SECONDS);
            return true;
        } catch (ExecutionException | TimeoutException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    /** Starts a process that is measured. */
    public ChildProcess measured(String name, List<String> own, List<String> command) {
        List<String> options = new ArrayList<>(measuredJvm);
        options.addAll(own);
        return child(name, options, command);
    }

    /** Starts another process, which ends with this at the latest. */
    public synchronized ChildProcess child(String name, List<String> own, List<String> command) {
        if (closed) {
            throw new IllegalStateException("stopped");
        }
        List<String> options = new ArrayList<>(own);
        options.addAll(jvm);
        ChildProcess child = ChildProcess.start(name, folder, options, command);
        children.push(child);
        return child;
    }

    /** The broker's process. */
    public synchronized ChildProcess broker() {
        return children.getLast();
    }

    /** Ends a process. */
    public void end(ChildProcess child) {
        child.close();
        synchronized (this) {
            children.remove(child);
        }
    }

    /** The broker's address. */
    public String bootstrapServers() {
        return "127.0.0.1:" + kafkaPort;
    }

    /** The registry's address. */
    public String registryUrl() {
        return registry.url();
    }

    /** Settings of streams-app that follow from the servers and the topics. */
    public Map<String, String> settings(Topics topics) {
        return Map.of(
                "bootstrap.servers",
                bootstrapServers(),
                "schema.registry.url",
                registryUrl(),
                "topic.prefix",
                topics.prefix(),
                "actions.partitions",
                Integer.toString(topics.actionsPartitions()),
                "subject.partitions",
                Integer.toString(topics.subjectPartitions()));
    }

    /** Registers a schema under a subject, and tells its id. */
    public int register(String subject, String schema) {
        return registry.register(subject, schema);
    }

    /** A new folder for a run's state. */
    public Path stateFolder(String run) {
        return folder.resolve("state").resolve(run);
    }

    /** Ends a process at once, as a crash would. */
    public void kill(ChildProcess child) {
        child.kill();
        synchronized (this) {
            children.remove(child);
        }
    }

    /** A port that is free at the moment. */
    public static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Bytes of the files below a folder. */
    public static long diskBytes(Path folder) {
        return files(folder).values().stream().mapToLong(Long::longValue).sum();
    }

    /** The files below a folder with their bytes. */
    public static Map<Path, Long> files(Path folder) {
        if (!Files.exists(folder)) {
            return Map.of();
        }
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile).collect(Collectors.toMap(file -> file, BenchStack::size));
        } catch (IOException | UncheckedIOException e) {
            // A file went away meanwhile, as a store's do: try again.
            return files(folder);
        }
    }

    private static long size(Path file) {
        try {
            return Files.isRegularFile(file) ? Files.size(file) : 0;
        } catch (NoSuchFileException e) {
            return 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Deletes a folder and what is in it. */
    public static void delete(Path folder) {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot delete " + folder, e);
        }
    }

    @Override
    public void close() {
        Deque<ChildProcess> open;
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            open = new ArrayDeque<>(children);
            children.clear();
        }
        open.forEach(ChildProcess::close);
        registry.close();
        delete(folder);
    }
}
