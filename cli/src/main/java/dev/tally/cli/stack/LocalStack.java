package dev.tally.cli.stack;

import dev.tally.cli.AppClient;
import dev.tally.cli.Exit;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** Everything that runs on this machine: broker, registry, Stripe stand-in, streams-app, stripe-sink, each its own process. */
public final class LocalStack {

    /** File in the folder of a stack that is locked while it runs; its presence shows whose folder it is. */
    public static final String LOCK = "lock";

    private static final Duration READY_WITHIN = Duration.ofMinutes(4);
    private static final List<String> OWN =
            List.of("kafka", "registry", "state", "stripe-stand-in", "logs", "pids", "tmp", "cds");

    private final StackOptions options;
    private final Consumer<String> say;
    private final Path cache;
    private final Map<String, Child> children = new LinkedHashMap<>();
    private final CountDownLatch stop = new CountDownLatch(1);

    /** A stack that is not started yet. */
    public LocalStack(StackOptions options, Path cache, Consumer<String> say) {
        this.options = options;
        this.cache = cache;
        this.say = say;
    }

    /** What is wrong with the ports: somebody else listens on one, or one is wanted twice. */
    public static List<String> portProblems(StackOptions options) {
        Map<String, Integer> ports = new LinkedHashMap<>();
        ports.put("kafka", options.kafkaPort());
        ports.put("registry", options.registryPort());
        ports.put("http", options.httpPort());
        ports.put("sink", options.sinkPort());
        if (!realStripe()) {
            ports.put("stripe", options.stripePort());
        }
        List<String> problems = new ArrayList<>();
        Map<Integer, String> takenBy = new LinkedHashMap<>();
        ports.forEach((name, port) -> {
            String option = "--" + name + "-port";
            String other = takenBy.putIfAbsent(port, option);
            if (port < 1 || port > 65_535) {
                problems.add(option + " " + port + " is no port");
            } else if (other != null) {
                problems.add(option + " and " + other + " are both " + port);
            } else if (!isFree(port)) {
                problems.add("port " + port + " is busy (" + option + " chooses another)");
            }
        });
        Broker.rememberedControllerPort(options.data()).ifPresent(port -> {
            if (takenBy.containsKey(port) || !isFree(port)) {
                problems.add("port " + port + ", which Kafka's controller in " + options.data()
                        + " has used from its first start, is busy");
            }
        });
        return problems;
    }

    static boolean isFree(int port) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /**
     * Starts broker, registry and stand-in, all at once.
     *
     * @param clock the setting of that name; broker and registry go by the machine's all the same
     */
    public void startServers(String clock) {
        Path registry = RegistryPackage.unpacked(cache, options.home(), say, () -> stop.getCount() == 0);
        new Broker(options).format();
        child(
                "kafka",
                Broker.jvm(),
                List.of("kafka.Kafka", Broker.configFile(options).toString()),
                Map.of());
        child("registry", registryJvm(registry), List.of("io.quarkus.bootstrap.runner.QuarkusEntryPoint"), Map.of());
        if (!realStripe()) {
            child(
                    "stripe-stand-in",
                    List.of("-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", classPath()),
                    standIn(clock),
                    Map.of());
        }
    }

    private List<String> standIn(String clock) {
        List<String> command = new ArrayList<>(List.of(
                "dev.tally.cli.standin.StandInMain",
                "--port",
                Integer.toString(options.stripePort()),
                "--data",
                options.data().resolve("stripe-stand-in").toString(),
                "--clock",
                clock));
        if (options.stripeAccount() != null) {
            command.addAll(List.of("--account", options.stripeAccount().toString()));
        }
        return command;
    }

    /** Starts streams-app and stripe-sink; they wait for what they need by themselves. */
    public void startApps(Map<String, String> appSettings, Map<String, String> sinkSettings) {
        child("streams-app", appJvm("-Xmx1g"), app("dev.tally.streams.app.Main", appSettings(appSettings)), Map.of());
        child("stripe-sink", appJvm("-Xmx256m"), app("dev.tally.sink.app.Main", sinkSettings(sinkSettings)), Map.of());
    }

    private Map<String, String> appSettings(Map<String, String> given) {
        Map<String, String> settings = new LinkedHashMap<>(common());
        settings.put("http.port", Integer.toString(options.httpPort()));
        settings.put("state.dir", options.data().resolve("state").toString());
        // A restarted instance takes its own place again at once, without waiting for its former self to time out.
        settings.put("kafka.group.instance.id", "local");
        settings.putAll(given);
        return settings;
    }

    private Map<String, String> sinkSettings(Map<String, String> given) {
        Map<String, String> settings = new LinkedHashMap<>(common());
        settings.put("http.port", Integer.toString(options.sinkPort()));
        // Keeps its transactional id, so that a restarted sink fences its former self at once.
        settings.put("sink.instance", "local");
        if (!realStripe()) {
            settings.put("stripe.api.base", "http://127.0.0.1:" + options.stripePort());
        }
        settings.putAll(given);
        return settings;
    }

    private Map<String, String> common() {
        return Map.of("bootstrap.servers", options.bootstrapServers(), "schema.registry.url", options.registryUrl());
    }

    /** Whether the environment holds a key of the real Stripe. */
    public static boolean realStripe() {
        String key = System.getenv("STRIPE_API_KEY");
        return key != null && !key.isEmpty();
    }

    private static List<String> app(String main, Map<String, String> settings) {
        List<String> command = new ArrayList<>(List.of(main));
        settings.forEach((key, value) -> {
            command.add("--set");
            command.add(key + "=" + value);
        });
        return command;
    }

    private static String classPath() {
        return System.getProperty("java.class.path");
    }

    private static List<String> appJvm(String heap) {
        return List.of(
                heap,
                "-XX:+UseSerialGC",
                "-XX:+ExitOnOutOfMemoryError",
                "--enable-native-access=ALL-UNNAMED",
                "-Dlogback.configurationFile=logback-child.xml",
                "-cp",
                classPath());
    }

    private List<String> registryJvm(Path registry) {
        return List.of(
                "-Xmx384m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--add-opens=java.base/java.lang=ALL-UNNAMED",
                "--enable-native-access=ALL-UNNAMED",
                "-Dquarkus.http.host=127.0.0.1",
                "-Dquarkus.http.port=" + options.registryPort(),
                "-Dquarkus.management.host=127.0.0.1",
                "-Dquarkus.management.port=0",
                "-Dapicurio.storage.kind=sql",
                "-Dapicurio.storage.sql.kind=h2",
                "-Dapicurio.datasource.url=jdbc:h2:file:"
                        + options.data().resolve("registry").resolve("db"),
                "-Dapicurio.rules.global.compatibility=BACKWARD",
                "-cp",
                ownCode() + File.pathSeparator + registry.resolve("quarkus-run.jar"));
    }

    private static Path ownCode() {
        try {
            return Path.of(ChildMain.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private void child(String name, List<String> jvm, List<String> command, Map<String, String> environment) {
        Child child = new Child(new Child.Spec(name, jvm, command, environment), options.data(), say);
        synchronized (children) {
            if (stop.getCount() == 0) {
                return;
            }
            children.put(name, child);
            child.start();
        }
    }

    /** Waits until a server answers. */
    public void await(String what, BooleanSupplier ready) {
        long deadline = System.nanoTime() + READY_WITHIN.toNanos();
        try {
            while (!ready.getAsBoolean()) {
                if (stop.await(50, TimeUnit.MILLISECONDS)) {
                    throw new Exit(Exit.DONE, "stopped");
                }
                if (refused()) {
                    throw new Exit(Exit.USAGE, "settings were refused");
                }
                if (System.nanoTime() > deadline) {
                    throw new Exit(
                            Exit.UNREACHABLE,
                            what + " is not ready after " + READY_WITHIN.toSeconds() + " s: see "
                                    + options.data().resolve("logs"));
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Exit(Exit.UNREACHABLE, "interrupted");
        }
    }

    private boolean refused() {
        synchronized (children) {
            return children.values().stream().anyMatch(Child::refused);
        }
    }

    /** Whether a health address says ready. */
    public static boolean isReady(int port) {
        return new AppClient("http://127.0.0.1:" + port)
                .get("/health/ready")
                .map(reply -> reply.status() == 200)
                .orElse(false);
    }

    /** Why stripe-sink holds facts although all here works: what it found at Stripe. Empty where it does not hold any, or does not work. */
    public static List<String> held(int port) {
        return new AppClient("http://127.0.0.1:" + port)
                .get("/health/ready")
                .filter(reply -> reply.body().path("status").asText().equals("holding"))
                .map(reply -> {
                    List<String> reasons = new ArrayList<>();
                    reply.body().path("reasons").forEach(reason -> reasons.add(reason.asText()));
                    return reasons;
                })
                .orElse(List.of());
    }

    /** Waits until it is asked to stop. */
    public void awaitStop() {
        try {
            stop.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Asks whoever waits in {@link #awaitStop} to go on. */
    public void requestStop() {
        stop.countDown();
    }

    /** Stops everything, what depends on others first. */
    public void stop() {
        stop.countDown();
        List<Child> reversed;
        synchronized (children) {
            reversed = new ArrayList<>(children.values()).reversed();
        }
        // The apps together: neither depends on the other, and each may take seconds.
        List<Thread> apps = new ArrayList<>();
        for (Child app : reversed.subList(0, Math.max(0, reversed.size() - servers()))) {
            apps.add(Thread.ofVirtual().start(app::stop));
        }
        for (Thread app : apps) {
            try {
                app.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        reversed.subList(Math.max(0, reversed.size() - servers()), reversed.size())
                .forEach(Child::stop);
    }

    private int servers() {
        synchronized (children) {
            return (int) children.keySet().stream()
                    .filter(name -> !name.equals("streams-app") && !name.equals("stripe-sink"))
                    .count();
        }
    }

    /** Whether a folder is one of {@code up}, or still none at all. */
    public static boolean looksLikeState(Path data) {
        try (Stream<Path> files = Files.exists(data) ? Files.list(data) : Stream.empty()) {
            return Files.isRegularFile(data.resolve(LOCK)) || files.findAny().isEmpty();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + data, e);
        }
    }

    /** Deletes what a stack that is not running has kept in its folder, and nothing else that may be there. */
    public static void deleteState(Path data) {
        for (String name : OWN) {
            Path folder = data.resolve(name);
            if (Files.exists(folder)) {
                try (Stream<Path> files = Files.walk(folder)) {
                    for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                        Files.delete(file);
                    }
                } catch (IOException e) {
                    throw new UncheckedIOException("cannot delete " + folder, e);
                }
            }
        }
    }
}
