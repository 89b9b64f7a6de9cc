package dev.tally.cli;

import dev.tally.cli.publish.ActionPublisher;
import dev.tally.cli.stack.DemoTraffic;
import dev.tally.cli.stack.LocalStack;
import dev.tally.cli.stack.StackOptions;
import dev.tally.schemas.catalogue.Catalogue;
import dev.tally.schemas.catalogue.CatalogueDiff;
import dev.tally.schemas.catalogue.CatalogueException;
import dev.tally.schemas.catalogue.CatalogueFile;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.topics.TopicAdmin;
import dev.tally.schemas.topics.Topics;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code tally up}: everything on this machine, without Docker. */
@Command(name = "up", description = "Starts everything on this machine.", mixinStandardHelpOptions = true)
final class UpCommand implements Callable<Integer> {

    @Option(names = "--no-demo", description = "No demo traffic; the demo catalogue is applied all the same.")
    private boolean noDemo;

    @Option(names = "--fresh", description = "Drops the state first.")
    private boolean fresh;

    @Option(names = "--kafka-port", defaultValue = "9092")
    private int kafkaPort;

    @Option(names = "--registry-port", defaultValue = "8081")
    private int registryPort;

    @Option(names = "--http-port", defaultValue = "8080")
    private int httpPort;

    @Option(names = "--sink-port", defaultValue = "8082")
    private int sinkPort;

    @Option(names = "--stripe-port", defaultValue = "8083")
    private int stripePort;

    @Option(
            names = "--stripe-account",
            paramLabel = "FILE",
            description = "JSON account of the Stripe stand-in (default: the demo's).")
    private @Nullable Path stripeAccount;

    @Option(names = "--data", description = "Where state is kept (default: .tally at the repository's root).")
    private @Nullable Path data;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "A setting of streams-app or stripe-sink; repeatable.")
    private Map<String, String> settings = new LinkedHashMap<>();

    /** Stripe, or the stand-in, has told by then whether its account fits. */
    private static final Duration ANSWERS_WITHIN = Duration.ofSeconds(30);

    private static final Duration STOP_WITHIN = Duration.ofMinutes(2);

    private final CountDownLatch done = new CountDownLatch(1);

    @Override
    public Integer call() throws IOException {
        long begun = System.nanoTime();
        AppSettings routed = AppSettings.route(settings, System.getenv());
        Path home = Path.of(System.getProperty("tally.home", ".")).toAbsolutePath();
        Path folder = (data == null ? home.resolve(".tally") : data).toAbsolutePath();
        StackOptions options = new StackOptions(
                folder,
                home,
                kafkaPort,
                registryPort,
                httpPort,
                sinkPort,
                stripePort,
                stripeAccount == null ? null : stripeAccount.toAbsolutePath(),
                settings);
        List<String> problems = new ArrayList<>(LocalStack.portProblems(options));
        if (fresh && !LocalStack.looksLikeState(folder)) {
            problems.add(folder + " does not look like a folder of Tally: not deleted");
        }
        if (stripeAccount != null && !Files.isReadable(stripeAccount)) {
            problems.add("--stripe-account " + stripeAccount + " cannot be read");
        }
        if (!problems.isEmpty()) {
            throw new Exit(Exit.USAGE, String.join("\ntally: ", problems));
        }
        Files.createDirectories(folder);
        try (FileChannel lockFile = FileChannel.open(
                        folder.resolve(LocalStack.LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock lock = lockFile.tryLock()) {
            if (lock == null) {
                throw new Exit(Exit.USAGE, folder + " is in use by another tally up");
            }
            if (fresh) {
                LocalStack.deleteState(folder);
            }
            return run(options, routed, begun);
        }
    }

    private int run(StackOptions options, AppSettings routed, long begun) {
        LocalStack stack = new LocalStack(options, cache(), line -> System.out.println("tally: " + line));
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stopAndWait(stack), "shutdown"));
        try {
            stack.startServers(routed.clock());
            // At once: the apps wait by themselves for what they need.
            stack.startApps(routed.app(), routed.sink());
            Servers servers =
                    Servers.of(options.bootstrapServers(), options.registryUrl(), routed.prefix(), routed.clock());
            applyTopics(stack, servers, routed);
            stack.await("streams-app", () -> LocalStack.isReady(options.httpPort()));
            applyDemoCatalogue(stack, servers, options);
            stack.await(
                    "stripe-sink",
                    () -> LocalStack.isReady(options.sinkPort())
                            || holds(LocalStack.held(options.sinkPort()), System.nanoTime() - begun));
            LocalStack.held(options.sinkPort()).forEach(reason -> System.out.println("stripe-sink: " + reason));
            print(options, begun);
            if (noDemo) {
                stack.awaitStop();
            } else {
                demo(stack, servers);
            }
            return Exit.DONE;
        } finally {
            stack.stop();
            done.countDown();
        }
    }

    /** What Stripe holds back is nothing to wait for; but its first answer may just not have come yet. */
    private static boolean holds(List<String> reasons, long nanos) {
        return !reasons.isEmpty() && nanos > ANSWERS_WITHIN.toNanos();
    }

    /** Ends the process with 0 after a clean stop; the system would report the signal instead. */
    private void stopAndWait(LocalStack stack) {
        if (done.getCount() == 0) {
            // It ended by itself, with a code of its own.
            return;
        }
        stack.requestStop();
        boolean stopped = false;
        try {
            stopped = done.await(STOP_WITHIN.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        Runtime.getRuntime().halt(stopped ? Exit.DONE : Exit.NO);
    }

    private static Path cache() {
        return Optional.ofNullable(System.getenv("XDG_CACHE_HOME"))
                .map(Path::of)
                .orElse(Path.of(System.getProperty("user.home"), ".cache"))
                .resolve("tally");
    }

    private static void applyTopics(LocalStack stack, Servers servers, AppSettings routed) {
        stack.await("Kafka", () -> answers(servers));
        try (Admin admin = servers.admin()) {
            new TopicAdmin(admin)
                    .apply(
                            new Topics(
                                            routed.prefix(),
                                            routed.actionsPartitions(),
                                            routed.subjectPartitions(),
                                            servers.hasTestClock())
                                    .all(),
                            (short) 1);
        }
    }

    private static boolean answers(Servers servers) {
        Map<String, Object> client = servers.client();
        client.put("default.api.timeout.ms", 1_000);
        client.put("request.timeout.ms", 1_000);
        try (Admin admin = Admin.create(client)) {
            admin.describeCluster().nodes().get(1, TimeUnit.SECONDS);
            return true;
        } catch (java.util.concurrent.ExecutionException | java.util.concurrent.TimeoutException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private static void applyDemoCatalogue(LocalStack stack, Servers servers, StackOptions options) {
        try (Admin admin = servers.admin();
                RecordSerdes serdes = servers.serdes()) {
            CatalogueTopics topics = new CatalogueTopics(servers, serdes, servers.topics(admin));
            Catalogue demo = CatalogueFile.parse(CatalogCommand.text(CatalogCommand.DEMO), "demo-catalogue.yaml");
            // What its user has changed since stays as it is.
            topics.publish(topics.changes(demo).stream()
                    .filter(change -> change.kind() == CatalogueDiff.Kind.ADDED)
                    .toList());
            AppClient app = new AppClient(options.appUrl());
            demo.subscriptions()
                    .forEach(subscription -> stack.await(
                            "the demo catalogue",
                            () -> app.get("/v1/subscriptions/" + subscription.getSubject())
                                    .map(reply -> reply.status() == 200)
                                    .orElse(false)));
        } catch (CatalogueException e) {
            throw new IllegalStateException("the demo catalogue is wrong: " + e.problems(), e);
        }
    }

    private void demo(LocalStack stack, Servers servers) {
        try (Admin admin = servers.admin();
                RecordSerdes serdes = servers.serdes();
                ActionPublisher publisher =
                        new ActionPublisher(servers.client(), serdes, servers.topics(admin), false).quiet()) {
            DemoTraffic traffic = new DemoTraffic(publisher, servers.clock());
            Thread sending = Thread.ofVirtual().name("demo-traffic").start(traffic::run);
            stack.awaitStop();
            traffic.stop();
            sending.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void print(StackOptions options, long begun) {
        String stripe = LocalStack.realStripe()
                ? "the real one"
                : "http://127.0.0.1:" + options.stripePort() + "  (a stand-in, no money moves)";
        System.out.printf(
                """
                Kafka            %s
                schema registry  %s
                streams-app      %s
                stripe-sink      http://127.0.0.1:%d
                Stripe           %s
                logs             %s
                ready in %.1f s; Ctrl-C stops everything
                """,
                options.bootstrapServers(),
                options.registryUrl(),
                options.appUrl(),
                options.sinkPort(),
                stripe,
                options.data().resolve("logs"),
                (System.nanoTime() - begun) / 1e9);
        System.out.flush();
    }
}
