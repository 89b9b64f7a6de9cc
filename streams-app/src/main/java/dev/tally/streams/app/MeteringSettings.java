package dev.tally.streams.app;

import dev.tally.schemas.topics.Topics;
import dev.tally.settings.ByteSizes;
import dev.tally.settings.CommonSettings;
import dev.tally.settings.Durations;
import dev.tally.settings.ParsedSettings;
import dev.tally.settings.SettingsException;
import dev.tally.streams.http.Security;
import dev.tally.streams.state.Engine;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.Importance;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.streams.state.HostInfo;

/** The settings of streams-app. */
public final class MeteringSettings {

    /** A dead instance's partitions move after this, unless {@code kafka.main.consumer.session.timeout.ms} says otherwise. */
    public static final int SESSION_TIMEOUT_MS = 10_000;

    static final String LATENESS_HORIZON = "lateness.horizon";
    static final String DEDUP_HORIZON = "dedup.horizon";
    static final String DEDUP_MEMORY = "dedup.memory";
    static final String HISTORY_RETENTION = "history.retention";
    static final String BILLING_INTERVAL = "billing.interval";
    static final String BILLING_SETTLE = "billing.settle";
    static final String INVOICE_GRACE = "stripe.invoice.grace";
    static final String QUEUE_MAX = "queue.max";
    static final String ENGINE = "engine";
    static final String STATE_DIR = "state.dir";
    static final String ROCKSDB_MEMORY = "rocksdb.memory";
    static final String NUM_STANDBY_REPLICAS = "num.standby.replicas";
    static final String NUM_STREAM_THREADS = "num.stream.threads";
    static final String APPLICATION_SERVER = "application.server";
    static final String HTTP_HOST = "http.host";
    static final String HTTP_PORT = "http.port";
    static final String HTTP_WRITES = "http.writes";
    static final String HTTP_STREAMS_MAX = "http.streams.max";

    private static final Set<String> WILDCARDS = Set.of("0.0.0.0", "::", "[::]", "0:0:0:0:0:0:0:0");
    private static final String ANYWHERE = "anywhere";
    private static final ConfigDef.Validator POSITIVE = Durations.atLeast(Duration.ofMillis(1));
    private static final ConfigDef.Validator POSITIVE_OR_EMPTY = ConfigDef.LambdaValidator.with(
            (name, value) -> {
                if (!String.valueOf(value).isEmpty()) {
                    POSITIVE.ensureValid(name, value);
                }
            },
            () -> POSITIVE + " or empty");

    private final ParsedSettings values;

    /** Settings that were parsed with {@link #define()}; checks what concerns several of them. */
    public MeteringSettings(ParsedSettings values) {
        this.values = values;
        List<String> problems = problems();
        if (!problems.isEmpty()) {
            throw new SettingsException(problems);
        }
    }

    /** All settings of streams-app, with their documentation. */
    public static ConfigDef define() {
        ConfigDef def = new ConfigDef()
                .define(
                        LATENESS_HORIZON,
                        ConfigDef.Type.STRING,
                        "72h",
                        POSITIVE,
                        Importance.HIGH,
                        "How far behind the stream time of its partition an action is still counted; an older one goes to late-actions.")
                .define(
                        DEDUP_HORIZON,
                        ConfigDef.Type.STRING,
                        "",
                        POSITIVE_OR_EMPTY,
                        Importance.MEDIUM,
                        "How long an action's id is remembered after it was accepted. Empty: as lateness.horizon; never less, else a plain"
                                + " re-send could count twice.")
                .define(
                        DEDUP_MEMORY,
                        ConfigDef.Type.STRING,
                        "256MB",
                        ByteSizes.BYTES,
                        Importance.MEDIUM,
                        "Heap for remembered ids, divided among all intake partitions. With less than the ids need, each action costs"
                                + " reads from disk; no answer is ever wrong.")
                .define(
                        HISTORY_RETENTION,
                        ConfigDef.Type.STRING,
                        "40d",
                        POSITIVE,
                        Importance.MEDIUM,
                        "How long day windows and periods are kept for queries; at least lateness.horizon + 2 d.")
                .define(
                        BILLING_INTERVAL,
                        ConfigDef.Type.STRING,
                        "5m",
                        POSITIVE,
                        Importance.MEDIUM,
                        "Length of a billing interval, each of which becomes at most one fact per payer and meter; divides 24 h.")
                .define(
                        BILLING_SETTLE,
                        ConfigDef.Type.STRING,
                        "1m",
                        Durations.DURATION,
                        Importance.MEDIUM,
                        "How long after its end a billing interval waits for stragglers before it is closed.")
                .define(
                        INVOICE_GRACE,
                        ConfigDef.Type.STRING,
                        "1h",
                        Durations.atLeast(Duration.ofMinutes(10)),
                        Importance.MEDIUM,
                        "How long after a period's end its invoice at Stripe is a draft. Usage that is rated in the last 10 min of that or later is carried into the open period.")
                .define(
                        QUEUE_MAX,
                        ConfigDef.Type.INT,
                        10_000,
                        ConfigDef.Range.between(0, 1_000_000),
                        Importance.LOW,
                        "How many admissions may wait for one payer; more are rejected as queue_full. The same on all instances.")
                .define(
                        ENGINE,
                        ConfigDef.Type.STRING,
                        "fast",
                        ConfigDef.ValidString.in("fast", "portable"),
                        Importance.LOW,
                        "When counts are written to the state stores. fast: once per commit, by a hook that is internal to Kafka Streams."
                                + " portable: after each record, by its public API alone, with the same results. May be changed at any"
                                + " restart.")
                .define(
                        STATE_DIR,
                        ConfigDef.Type.STRING,
                        "",
                        Importance.MEDIUM,
                        "Folder of the state stores. Empty: Kafka Streams' default, below java.io.tmpdir.")
                .define(
                        ROCKSDB_MEMORY,
                        ConfigDef.Type.STRING,
                        "256MB",
                        ByteSizes.BYTES,
                        Importance.MEDIUM,
                        "Memory outside the heap for the block cache and write buffers of all state stores of this process.")
                .define(
                        NUM_STREAM_THREADS,
                        ConfigDef.Type.INT,
                        2,
                        ConfigDef.Range.between(1, 256),
                        Importance.MEDIUM,
                        "Stream threads of this process.")
                .define(
                        NUM_STANDBY_REPLICAS,
                        ConfigDef.Type.INT,
                        0,
                        ConfigDef.Range.between(0, 5),
                        Importance.MEDIUM,
                        "Standby copies of the state on other instances.")
                .define(
                        APPLICATION_SERVER,
                        ConfigDef.Type.STRING,
                        "",
                        Importance.MEDIUM,
                        "host:port under which other instances reach this one. Empty: http.host and the port that is listened on; needed with"
                                + " several instances where http.host is a wildcard such as 0.0.0.0.")
                .define(
                        HTTP_HOST,
                        ConfigDef.Type.STRING,
                        "127.0.0.1",
                        Importance.MEDIUM,
                        "Address the HTTP server listens on.")
                .define(
                        HTTP_PORT,
                        ConfigDef.Type.INT,
                        8080,
                        ConfigDef.Range.between(0, 65_535),
                        Importance.MEDIUM,
                        "Port the HTTP server listens on; 0 takes a free one.")
                .define(
                        HTTP_WRITES,
                        ConfigDef.Type.STRING,
                        "loopback",
                        ConfigDef.ValidString.in("loopback", ANYWHERE),
                        Importance.HIGH,
                        "Where the catalogue may be changed over HTTP (subscriptions, grants, memberships, settings). loopback: only where"
                                + " http.host is a loopback address. anywhere: also on others; whoever reaches the port can then give away what"
                                + " costs money. With auth=jwt the scope admin decides instead, on any address.")
                .define(
                        HTTP_STREAMS_MAX,
                        ConfigDef.Type.INT,
                        10_000,
                        ConfigDef.Range.between(0, 1_000_000),
                        Importance.LOW,
                        "How many streams of usage (server-sent events) may be open on this instance; more are refused with 503. Each takes a"
                                + " connection and so a file descriptor.");
        return CommonSettings.define(SecuritySettings.define(def));
    }

    private List<String> problems() {
        List<String> problems = new ArrayList<>();
        problems.addAll(CommonSettings.clockProblems(values, values.string(HTTP_HOST)));
        if (dedupHorizon().compareTo(latenessHorizon()) < 0) {
            problems.add(DEDUP_HORIZON + " is " + values.string(DEDUP_HORIZON) + ", less than " + LATENESS_HORIZON
                    + ": a plain re-send could count twice");
        }
        if (historyRetention().compareTo(latenessHorizon().plusDays(2)) < 0) {
            problems.add(HISTORY_RETENTION + " must be at least " + LATENESS_HORIZON
                    + " + 2 d, else an action in flight could find its window gone");
        }
        long interval = billingInterval().toMillis();
        if (interval < 60_000 || Duration.ofDays(1).toMillis() % interval != 0) {
            problems.add(BILLING_INTERVAL + " is " + values.string(BILLING_INTERVAL)
                    + ": it must divide 24 h and be at least a minute");
        }
        String server = values.string(APPLICATION_SERVER);
        if (!server.isEmpty() && !isAddress(server)) {
            problems.add(APPLICATION_SERVER + " is " + server + ": it must be host:port, and no wildcard");
        }
        problems.addAll(SecuritySettings.problems(values));
        return problems;
    }

    private static boolean isAddress(String server) {
        try {
            HostInfo address = HostInfo.buildFromEndpoint(server);
            return address != null
                    && address.port() > 0
                    && !isWildcard(address.host())
                    // As others will write it: some names that resolve, such as one with _, stand in no address.
                    && new URI("http", null, address.host(), address.port(), "/", null, null).getHost() != null;
        } catch (ConfigException | URISyntaxException e) {
            return false;
        }
    }

    private static boolean isWildcard(String host) {
        return WILDCARDS.contains(host);
    }

    /** Whether other instances could not find this one. */
    boolean isUnreachableForOthers() {
        return values.string(APPLICATION_SERVER).isEmpty() && isWildcard(values.string(HTTP_HOST));
    }

    /**
     * Where other instances reach this one.
     *
     * @param httpPort that the HTTP server listens on
     */
    String applicationServer(int httpPort) {
        String given = values.string(APPLICATION_SERVER);
        return given.isEmpty() ? values.string(HTTP_HOST) + ":" + httpPort : given;
    }

    ParsedSettings values() {
        return values;
    }

    /** Whether the catalogue may be changed over HTTP. */
    boolean catalogueWritable() {
        return SecuritySettings.asksForTokens(values)
                || values.string(HTTP_WRITES).equals(ANYWHERE)
                || CommonSettings.isLoopback(values.string(HTTP_HOST));
    }

    /** Who may call. */
    Security security(InstantSource clock) {
        return SecuritySettings.security(values, clock);
    }

    Duration latenessHorizon() {
        return values.duration(LATENESS_HORIZON);
    }

    Duration dedupHorizon() {
        return values.string(DEDUP_HORIZON).isEmpty() ? latenessHorizon() : values.duration(DEDUP_HORIZON);
    }

    long dedupMemory() {
        return values.bytes(DEDUP_MEMORY);
    }

    Duration historyRetention() {
        return values.duration(HISTORY_RETENTION);
    }

    Duration billingInterval() {
        return values.duration(BILLING_INTERVAL);
    }

    Duration billingSettle() {
        return values.duration(BILLING_SETTLE);
    }

    /** How long after a period's end its invoice is a draft. */
    Duration invoiceGrace() {
        return values.duration(INVOICE_GRACE);
    }

    /** How many admissions may wait for one payer. */
    int queueMax() {
        return values.integer(QUEUE_MAX);
    }

    Engine engine() {
        return Engine.valueOf(values.string(ENGINE).toUpperCase(Locale.ROOT));
    }

    InstantSource clock() {
        return CommonSettings.clock(values);
    }

    boolean hasTestClock() {
        return CommonSettings.hasTestClock(values);
    }

    Topics topics() {
        return Topics.of(values);
    }
}
