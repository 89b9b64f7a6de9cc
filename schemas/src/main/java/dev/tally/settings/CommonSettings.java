package dev.tally.settings;

import dev.tally.clock.ClockStamps;
import dev.tally.clock.TestClock;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.Importance;
import org.apache.kafka.common.config.ConfigException;

/** Settings that both apps have in common. */
public final class CommonSettings {

    private static final Pattern LOOPBACK_V4 =
            Pattern.compile("127(\\.(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])){3}");

    public static final String BOOTSTRAP_SERVERS = "bootstrap.servers";
    public static final String SCHEMA_REGISTRY_URL = "schema.registry.url";
    public static final String SCHEMA_REGISTRY_BASIC_AUTH = "schema.registry.basic.auth";
    public static final String TOPIC_PREFIX = "topic.prefix";
    public static final String APPLICATION_ID = "application.id";
    public static final String ENVIRONMENT = "environment";
    public static final String AVRO_SERDE_CLASS = "avro.serde.class";
    public static final String AVRO_AUTO_REGISTER = "avro.auto.register";
    public static final String CLOCK = "clock";
    public static final String ACTIONS_PARTITIONS = "actions.partitions";
    public static final String SUBJECT_PARTITIONS = "subject.partitions";
    public static final String REPLICATION_FACTOR = "replication.factor";

    private CommonSettings() {}

    /** Adds the common settings to a definition. */
    public static ConfigDef define(ConfigDef def) {
        return def.define(
                        BOOTSTRAP_SERVERS,
                        ConfigDef.Type.STRING,
                        "127.0.0.1:9092",
                        new ConfigDef.NonEmptyString(),
                        Importance.HIGH,
                        "Addresses of Kafka brokers, host:port, separated by commas.")
                .define(
                        SCHEMA_REGISTRY_URL,
                        ConfigDef.Type.STRING,
                        "http://127.0.0.1:8081",
                        new ConfigDef.NonEmptyString(),
                        Importance.HIGH,
                        "Addresses of a schema registry with Confluent's API, separated by commas.")
                .define(
                        SCHEMA_REGISTRY_BASIC_AUTH,
                        ConfigDef.Type.PASSWORD,
                        "",
                        Importance.MEDIUM,
                        "user:password for the schema registry; empty: none.")
                .define(
                        TOPIC_PREFIX,
                        ConfigDef.Type.STRING,
                        "",
                        matching("[a-zA-Z0-9._-]{0,100}", "letters, digits, dot, underscore and minus, at most 100"),
                        Importance.MEDIUM,
                        "Put before every topic name.")
                .define(
                        APPLICATION_ID,
                        ConfigDef.Type.STRING,
                        "tally",
                        matching("[a-zA-Z0-9._-]{1,100}", "letters, digits, dot, underscore and minus, 1 to 100"),
                        Importance.MEDIUM,
                        "Names consumer groups, transactional ids and principals.")
                .define(
                        ENVIRONMENT,
                        ConfigDef.Type.STRING,
                        "local",
                        matching("[a-zA-Z0-9._-]{1,40}", "letters, digits, dot, underscore and minus, 1 to 40"),
                        Importance.HIGH,
                        "Part of every identifier sent to Stripe, so that two environments on one Stripe account never meet.")
                .define(
                        AVRO_SERDE_CLASS,
                        ConfigDef.Type.STRING,
                        "dev.tally.schemas.serde.ConfluentFormatSerde",
                        new ConfigDef.NonEmptyString(),
                        Importance.LOW,
                        "Class of the Avro serde, a Serde<GenericRecord>; with the Maven profile confluent also Confluent's"
                                + " io.confluent.kafka.streams.serdes.avro.GenericAvroSerde.")
                .define(
                        AVRO_AUTO_REGISTER,
                        ConfigDef.Type.BOOLEAN,
                        true,
                        Importance.LOW,
                        "Whether schemas are registered when first used; false: they must be there.")
                .define(
                        CLOCK,
                        ConfigDef.Type.STRING,
                        TestClock.SYSTEM,
                        new ConfigDef.NonEmptyString(),
                        Importance.LOW,
                        "system, or a test clock, on loopback only: the path of a file with one instant, such as 2026-11-30T23:59:50Z, which is"
                                + " the time at which the file was written. One for all processes of a stack that began with it; writing the"
                                + " file anew moves it, forward only.")
                .define(
                        ACTIONS_PARTITIONS,
                        ConfigDef.Type.INT,
                        6,
                        ConfigDef.Range.between(1, 10_000),
                        Importance.MEDIUM,
                        "Partitions of the topics of the intake; recorded at first start, then fixed.")
                .define(
                        SUBJECT_PARTITIONS,
                        ConfigDef.Type.INT,
                        6,
                        ConfigDef.Range.between(1, 10_000),
                        Importance.MEDIUM,
                        "Partitions of the topics by subject; recorded at first start, then fixed.")
                .define(
                        REPLICATION_FACTOR,
                        ConfigDef.Type.INT,
                        1,
                        ConfigDef.Range.between(-1, 100),
                        Importance.MEDIUM,
                        "Replicas of the topics Tally creates; -1: the broker's default.");
    }

    /** What every Kafka client is given: all of {@code kafka.…}, the brokers, and what stamps records by a test clock. */
    public static Map<String, Object> kafkaClient(ParsedSettings settings) {
        Map<String, Object> client = new HashMap<>(settings.kafka());
        client.put(BOOTSTRAP_SERVERS, settings.string(BOOTSTRAP_SERVERS));
        return ClockStamps.client(client, settings.string(CLOCK));
    }

    /** The clock to go by, once {@link #clockProblems} has found none. */
    public static InstantSource clock(ParsedSettings settings) {
        return TestClock.of(settings.string(CLOCK));
    }

    /** Whether the clock is a test clock. */
    public static boolean hasTestClock(ParsedSettings settings) {
        return !TestClock.isSystem(settings.string(CLOCK));
    }

    /**
     * What is wrong with the clock: a test clock must be there, and where it is one, nobody else's machine may be concerned.
     *
     * @param httpHost address that the process serves on
     */
    public static List<String> clockProblems(ParsedSettings settings, String httpHost) {
        if (!hasTestClock(settings)) {
            return List.of();
        }
        List<String> problems = new ArrayList<>();
        TestClock.problem(settings.string(CLOCK)).ifPresent(problem -> problems.add(CLOCK + ": " + problem));
        if (!isLoopback(httpHost)) {
            problems.add(CLOCK + " is a test clock, which serves on a loopback address only, not on " + httpHost);
        }
        elsewhere(settings.string(BOOTSTRAP_SERVERS)).ifPresent(problems::add);
        return problems;
    }

    /** Which brokers are not on this machine, as a problem of a test clock. */
    public static Optional<String> elsewhere(String bootstrapServers) {
        List<String> others = Arrays.stream(bootstrapServers.split(","))
                .map(String::trim)
                .filter(server -> !isLoopback(server.replaceFirst(":\\d+$", "")))
                .toList();
        return others.isEmpty()
                ? Optional.empty()
                : Optional.of(CLOCK + " is a test clock, which goes with brokers on a loopback address only, not with "
                        + String.join(", ", others));
    }

    /** Whether a host, by name or address, is this machine and reached by nobody else. Other names are anybody's: no name is looked up. */
    public static boolean isLoopback(String host) {
        return host.equals("localhost")
                || host.equals("::1")
                || host.equals("[::1]")
                || LOOPBACK_V4.matcher(host).matches();
    }

    /** What an Avro serde is configured with, by Confluent's names, besides {@code avro.serde.class}. */
    public static Map<String, Object> serde(ParsedSettings settings) {
        Map<String, Object> serde = new HashMap<>();
        serde.put(SCHEMA_REGISTRY_URL, settings.string(SCHEMA_REGISTRY_URL));
        serde.put("auto.register.schemas", settings.bool(AVRO_AUTO_REGISTER));
        serde.put(AVRO_SERDE_CLASS, settings.string(AVRO_SERDE_CLASS));
        String basicAuth = settings.string(SCHEMA_REGISTRY_BASIC_AUTH);
        if (!basicAuth.isEmpty()) {
            serde.put("basic.auth.credentials.source", "USER_INFO");
            serde.put("basic.auth.user.info", basicAuth);
        }
        return serde;
    }

    private static ConfigDef.Validator matching(String pattern, String description) {
        return ConfigDef.LambdaValidator.with(
                (name, value) -> {
                    if (!String.valueOf(value).matches(pattern)) {
                        throw new ConfigException(name, value, "must be " + description);
                    }
                },
                () -> description);
    }
}
