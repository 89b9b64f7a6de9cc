package dev.tally.settings;

import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.Importance;
import org.apache.kafka.common.config.ConfigException;

/** Settings that both apps have in common. */
public final class CommonSettings {

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
                        "system",
                        new ConfigDef.NonEmptyString(),
                        Importance.LOW,
                        "system, or the address of a test clock on loopback, one for all processes.")
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

    /** What every Kafka client is given: all of {@code kafka.…} and the brokers. */
    public static Map<String, Object> kafkaClient(ParsedSettings settings) {
        Map<String, Object> client = new HashMap<>(settings.kafka());
        client.put(BOOTSTRAP_SERVERS, settings.string(BOOTSTRAP_SERVERS));
        return client;
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
