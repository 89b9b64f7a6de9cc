package dev.tally.cli;

import dev.tally.clock.ClockStamps;
import dev.tally.clock.TestClock;
import dev.tally.schemas.serde.RecordSerdes;
import dev.tally.schemas.topics.TopicReader;
import dev.tally.schemas.topics.Topics;
import dev.tally.settings.CommonSettings;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The servers a command talks to, as Kafka's own tools name them. */
public final class Servers {

    private static final Duration REACH_WITHIN = Duration.ofSeconds(10);

    @Option(
            names = "--bootstrap-server",
            defaultValue = "127.0.0.1:9092",
            description = "Kafka brokers (default: ${DEFAULT-VALUE}).")
    private String bootstrapServer = "127.0.0.1:9092";

    @Option(
            names = "--schema-registry",
            defaultValue = "http://127.0.0.1:8081/apis/ccompat/v7",
            description = "Schema registry with Confluent's API (default: ${DEFAULT-VALUE}).")
    private String schemaRegistry = "http://127.0.0.1:8081/apis/ccompat/v7";

    @Option(names = "--command-config", description = "Properties file for Kafka clients.")
    private @Nullable Path commandConfig;

    @Option(names = "--prefix", defaultValue = "", description = "Put before every topic name (setting topic.prefix).")
    private String prefix = "";

    @Option(
            names = "--clock",
            defaultValue = "${env:TALLY_CLOCK:-" + TestClock.SYSTEM + "}",
            description =
                    "The setting clock of the stack: the file of its test clock, if it has one (default: ${DEFAULT-VALUE}).")
    private String clock = TestClock.SYSTEM;

    /** Servers given directly, not on a command line. */
    public static Servers of(String bootstrapServer, String schemaRegistry, String prefix) {
        return of(bootstrapServer, schemaRegistry, prefix, TestClock.SYSTEM);
    }

    /** The same with the clock that they go by. */
    public static Servers of(String bootstrapServer, String schemaRegistry, String prefix, String clock) {
        Servers servers = new Servers();
        servers.clock = clock;
        servers.bootstrapServer = bootstrapServer;
        servers.schemaRegistry = schemaRegistry;
        servers.prefix = prefix;
        return servers;
    }

    /** What every Kafka client is given. */
    public Map<String, Object> client() {
        Map<String, Object> config = new HashMap<>();
        if (commandConfig != null) {
            Properties properties = new Properties();
            try (Reader reader = Files.newBufferedReader(commandConfig, StandardCharsets.UTF_8)) {
                properties.load(reader);
            } catch (IOException e) {
                throw new Exit(Exit.USAGE, "cannot read " + commandConfig + ": " + e.getMessage());
            }
            properties.stringPropertyNames().forEach(name -> config.put(name, properties.getProperty(name)));
        }
        config.put("bootstrap.servers", bootstrapServer);
        config.putIfAbsent("default.api.timeout.ms", 20_000);
        config.putIfAbsent("request.timeout.ms", 10_000);
        checkClock();
        return ClockStamps.client(config, clock);
    }

    /** Serdes for values; credentials of the registry may stand in the file of {@code --command-config}, by Confluent's names. */
    public RecordSerdes serdes() {
        Map<String, Object> config = new HashMap<>();
        for (String credentials : List.of("basic.auth.user.info", "schema.registry.basic.auth.user.info")) {
            Object given = client().get(credentials);
            if (given != null) {
                config.put(credentials, given);
            }
        }
        config.put("schema.registry.url", schemaRegistry);
        config.put("auto.register.schemas", true);
        return new RecordSerdes(config);
    }

    private void checkClock() {
        if (hasTestClock()) {
            TestClock.problem(clock).ifPresent(problem -> {
                throw new Exit(Exit.USAGE, "--clock: " + problem);
            });
            CommonSettings.elsewhere(bootstrapServer).ifPresent(problem -> {
                throw new Exit(Exit.USAGE, problem);
            });
        }
    }

    String prefix() {
        return prefix;
    }

    boolean hasTestClock() {
        return !TestClock.isSystem(clock);
    }

    /** The clock that these servers go by. */
    public InstantSource clock() {
        return TestClock.of(clock);
    }

    /** An admin client; ends the command with code 3 when no broker answers. */
    public Admin admin() {
        Admin admin = Admin.create(client());
        try {
            admin.describeCluster().nodes().get(REACH_WITHIN.toSeconds(), TimeUnit.SECONDS);
            return admin;
        } catch (ExecutionException | TimeoutException e) {
            admin.close(Duration.ZERO);
            throw new Exit(Exit.UNREACHABLE, "cannot reach Kafka at " + bootstrapServer);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Exit(Exit.UNREACHABLE, "interrupted");
        }
    }

    /** Topic names, with the partition counts that the cluster has. */
    public Topics topics(Admin admin) {
        Topics names = new Topics(prefix, 1, 1);
        return new Topics(prefix, partitions(admin, names.actions()), partitions(admin, names.usage()), hasTestClock());
    }

    private static int partitions(Admin admin, String topic) {
        try {
            TopicDescription description =
                    admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic);
            return description == null ? 0 : description.partitions().size();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof UnknownTopicOrPartitionException) {
                throw new Exit(
                        Exit.USAGE, "there is no topic " + topic + ": run tally topics apply, or check --prefix");
            }
            throw new Exit(Exit.UNREACHABLE, "cannot describe " + topic + ": " + e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Exit(Exit.UNREACHABLE, "interrupted");
        }
    }

    /** Reads topics; a broker that stops answering is a {@link KafkaException}, which ends the command with code 3. */
    public TopicReader reader() {
        return new TopicReader(client());
    }
}
