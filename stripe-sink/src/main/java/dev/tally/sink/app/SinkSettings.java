package dev.tally.sink.app;

import dev.tally.schemas.topics.Topics;
import dev.tally.settings.CommonSettings;
import dev.tally.settings.Durations;
import dev.tally.settings.ParsedSettings;
import dev.tally.settings.SettingsException;
import dev.tally.settings.SettingsLoader;
import dev.tally.sink.delivery.DeliverySettings;
import dev.tally.sink.delivery.DeliveryTopics;
import dev.tally.sink.reporting.RetryRule;
import dev.tally.sink.seats.SeatsSettings;
import dev.tally.sink.seats.SeatsTopics;
import dev.tally.sink.stripe.StripeConnection;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.common.config.ConfigDef;

/**
 * The settings of stripe-sink, checked as a whole.
 *
 * @param parsed the settings as given
 * @param delivery what the delivery needs of them
 * @param seats what the seats need of them
 * @param stripe how Stripe is reached
 * @param isStreaming whether meter events go into Stripe's stream
 * @param callsPerSecond limit on calls to Stripe
 * @param alerts what alert delivery needs of them
 * @param httpHost address that health and metrics are served on
 * @param httpPort port of the same; 0 takes a free one
 */
record SinkSettings(
        ParsedSettings parsed,
        DeliverySettings delivery,
        SeatsSettings seats,
        StripeConnection stripe,
        boolean isStreaming,
        int callsPerSecond,
        AlertParts alerts,
        String httpHost,
        int httpPort) {
    static final String STRIPE_API_KEY = "stripe.api.key";
    static final String STRIPE_API_BASE = "stripe.api.base";
    static final String STRIPE_TRANSPORT = "stripe.transport";
    static final String STRIPE_RATE_LIMIT = "stripe.rate.limit";
    static final String STRIPE_MAX_IN_FLIGHT = "stripe.max.in.flight";
    static final String STRIPE_REQUEST_TIMEOUT = "stripe.request.timeout";
    static final String STRIPE_RETRY_FIRST = "stripe.retry.first";
    static final String STRIPE_RETRY_LONGEST = "stripe.retry.longest";
    static final String STRIPE_SUMS_DELAY = "stripe.sums.delay";
    static final String STRIPE_ERRORS_INTERVAL = "stripe.errors.interval";
    static final String STRIPE_RECONCILE_INTERVAL = "stripe.reconcile.interval";
    static final String SEATS_DEBOUNCE = "seats.debounce";
    static final String SEATS_CHECK_INTERVAL = "seats.check.interval";
    static final String SEATS_REPAIR = "seats.repair";
    static final String SINK_MAX_PENDING = "sink.max.pending";
    static final String SINK_INSTANCE = "sink.instance";
    static final String HTTP_HOST = "http.host";
    static final String HTTP_PORT = "http.port";

    /** The variable Stripe's own tools read the key from. */
    private static final String STRIPE_KEY_VARIABLE = "STRIPE_API_KEY";

    /** What a stand-in is given where no key is set; it is no key of Stripe's. */
    private static final String STAND_IN_KEY = "sk_test_standin";

    private static final Set<String> LIVE_KEYS = Set.of("sk_live_", "rk_live_");

    /** 80 % of the 1,000 meter events per second of a live account; a sandbox's 25 calls per second less a margin. */
    private static final int LIVE_RATE = 800;

    private static final int SANDBOX_RATE = 20;

    /** 80 % of the 10,000 a second that a live account's stream takes, in events. */
    private static final int STREAM_LIVE_RATE = 8_000;

    private static final int EVENTS_A_CALL = 100;
    private static final String V1 = "v1";
    private static final String V2_STREAM = "v2-stream";

    /** Stripe takes 25 calls a second of each endpoint but meter events, and of a sandbox in all (its page on rate limits). */
    private static final int MOST_SEAT_CALLS = 20;

    /** The part of the calls per second that seats may make beside the facts. */
    private static final int SEAT_CALLS_SHARE = 4;

    private static final Duration COMMIT_INTERVAL = Duration.ofMillis(200);
    private static final Duration REVOKE_WAIT = Duration.ofSeconds(5);
    private static final Duration LEDGER_MEMORY = Duration.ofDays(37);

    /** Settings of streams-app, which may stand in the same file or environment. */
    private static final Set<String> FOREIGN_KEYS = Set.of(
            "application.server",
            "auth",
            "auth.audience",
            "auth.instance.secret",
            "auth.instance.secret.file",
            "auth.issuer",
            "auth.jwks",
            "auth.metrics",
            "billing.interval",
            "billing.settle",
            "dedup.horizon",
            "dedup.memory",
            "engine",
            "history.retention",
            "http.cors.origins",
            "http.rate.limit",
            "http.tls.certificate",
            "http.tls.key",
            "http.writes",
            "lateness.horizon",
            "num.standby.replicas",
            "num.stream.threads",
            "queue.max",
            "rocksdb.memory",
            "state.dir",
            "stripe.invoice.grace");

    static ConfigDef definition() {
        return AlertParts.define(CommonSettings.define(new ConfigDef())
                .define(
                        STRIPE_API_KEY,
                        ConfigDef.Type.PASSWORD,
                        "",
                        ConfigDef.Importance.HIGH,
                        "Secret key of Stripe; also read from " + STRIPE_KEY_VARIABLE
                                + ". A live key needs `environment` to be set.")
                .define(
                        STRIPE_API_BASE,
                        ConfigDef.Type.STRING,
                        "",
                        ConfigDef.Importance.MEDIUM,
                        "Base address of a stand-in for Stripe; empty: Stripe itself.")
                .define(
                        STRIPE_TRANSPORT,
                        ConfigDef.Type.STRING,
                        V1,
                        ConfigDef.ValidString.in(V1, V2_STREAM),
                        ConfigDef.Importance.MEDIUM,
                        "How meter events go to Stripe: " + V1 + ", each checked as it is taken; " + V2_STREAM
                                + ", up to 100 a call, for over 1,000 a second, checked by Stripe later and unconfirmed until"
                                + " reconciliation agrees.")
                .define(
                        STRIPE_RATE_LIMIT,
                        ConfigDef.Type.INT,
                        0,
                        ConfigDef.Range.between(0, 100_000),
                        ConfigDef.Importance.MEDIUM,
                        "Meter events per second; 0: " + LIVE_RATE + " with a live key or a stand-in, " + SANDBOX_RATE
                                + " in a sandbox; with " + V2_STREAM + " " + STREAM_LIVE_RATE + " and "
                                + SANDBOX_RATE * EVENTS_A_CALL + ".")
                .define(
                        STRIPE_MAX_IN_FLIGHT,
                        ConfigDef.Type.INT,
                        32,
                        ConfigDef.Range.between(1, 1_000),
                        ConfigDef.Importance.MEDIUM,
                        "Calls at the same time; per customer and meter it is always one.")
                .define(
                        STRIPE_REQUEST_TIMEOUT,
                        ConfigDef.Type.STRING,
                        "30s",
                        Durations.atLeast(Duration.ofMillis(100)),
                        ConfigDef.Importance.LOW,
                        "Deadline of one call, from connecting to the end of the answer.")
                .define(
                        STRIPE_RETRY_FIRST,
                        ConfigDef.Type.STRING,
                        "500ms",
                        Durations.atLeast(Duration.ofMillis(1)),
                        ConfigDef.Importance.LOW,
                        "Upper bound of the wait after the first failed attempt; doubles from there.")
                .define(
                        STRIPE_RETRY_LONGEST,
                        ConfigDef.Type.STRING,
                        "5m",
                        Durations.atLeast(Duration.ofMillis(1)),
                        ConfigDef.Importance.LOW,
                        "Upper bound of any wait between attempts.")
                .define(
                        STRIPE_SUMS_DELAY,
                        ConfigDef.Type.STRING,
                        "1h",
                        Durations.atLeast(Duration.ofSeconds(1)),
                        ConfigDef.Importance.LOW,
                        "How long what Stripe took may be missing from its event summaries. So long after its last attempt a fact whose"
                                + " outcome is unknown for 23 hours is looked for there.")
                .define(
                        STRIPE_ERRORS_INTERVAL,
                        ConfigDef.Type.STRING,
                        "1m",
                        Durations.atLeast(Duration.ofSeconds(1)),
                        ConfigDef.Importance.LOW,
                        "How often Stripe is asked which events it took and does not count.")
                .define(
                        STRIPE_RECONCILE_INTERVAL,
                        ConfigDef.Type.STRING,
                        "24h",
                        Durations.atLeast(Duration.ZERO),
                        ConfigDef.Importance.LOW,
                        "How often the hours since a day before the last time are compared with Stripe's sums; 0s: never.")
                .define(
                        SEATS_DEBOUNCE,
                        ConfigDef.Type.STRING,
                        "30s",
                        Durations.DURATION,
                        ConfigDef.Importance.MEDIUM,
                        "How long a seat change waits for further ones of its org before it is sent, and the shortest time between two"
                                + " updates of an item.")
                .define(
                        SEATS_CHECK_INTERVAL,
                        ConfigDef.Type.STRING,
                        "24h",
                        Durations.atLeast(Duration.ofMinutes(1)),
                        ConfigDef.Importance.LOW,
                        "How often the quantity of each subscription item is compared with what was sent.")
                .define(
                        SEATS_REPAIR,
                        ConfigDef.Type.BOOLEAN,
                        false,
                        ConfigDef.Importance.MEDIUM,
                        "Whether an item whose quantity differs is set to what was sent; false: it is only reported.")
                .define(
                        SINK_MAX_PENDING,
                        ConfigDef.Type.INT,
                        2_000,
                        ConfigDef.Range.between(1, 1_000_000),
                        ConfigDef.Importance.LOW,
                        "Facts of one partition that are being delivered before reading it pauses; ten times as many may be held because"
                                + " of their meters at Stripe.")
                .define(
                        SINK_INSTANCE,
                        ConfigDef.Type.STRING,
                        "",
                        ConfigDef.Importance.MEDIUM,
                        "Lasting name of this instance, unique in the group: it then takes over at once after a crash. Empty:"
                                + " a random one at each start.")
                .define(
                        HTTP_HOST,
                        ConfigDef.Type.STRING,
                        "127.0.0.1",
                        new ConfigDef.NonEmptyString(),
                        ConfigDef.Importance.MEDIUM,
                        "Address that health and metrics are served on.")
                .define(
                        HTTP_PORT,
                        ConfigDef.Type.INT,
                        8082,
                        ConfigDef.Range.between(0, 65_535),
                        ConfigDef.Importance.MEDIUM,
                        "Port that health and metrics are served on."));
    }

    /**
     * Reads the settings from file, environment and overrides, the later winning.
     *
     * @param randomInstance used where the instance has no lasting name
     * @throws SettingsException with every problem
     */
    static SinkSettings load(
            Map<String, String> file,
            Map<String, String> environment,
            Map<String, String> overrides,
            String randomInstance) {
        Map<String, String> variables = new HashMap<>(environment);
        String keyVariable = SettingsLoader.environmentName(STRIPE_API_KEY);
        String stripeKey = environment.get(STRIPE_KEY_VARIABLE);
        if (stripeKey != null) {
            variables.putIfAbsent(keyVariable, stripeKey);
        }
        ParsedSettings parsed = SettingsLoader.load(definition(), FOREIGN_KEYS, file, variables, overrides);
        boolean environmentIsSet = file.containsKey(CommonSettings.ENVIRONMENT)
                || !variables
                        .getOrDefault(SettingsLoader.environmentName(CommonSettings.ENVIRONMENT), "")
                        .isEmpty()
                || overrides.containsKey(CommonSettings.ENVIRONMENT);
        List<String> problems = problems(parsed, environmentIsSet);
        if (!problems.isEmpty()) {
            throw new SettingsException(problems);
        }
        return of(parsed, randomInstance);
    }

    private static List<String> problems(ParsedSettings parsed, boolean environmentIsSet) {
        List<String> problems = new ArrayList<>();
        String key = parsed.string(STRIPE_API_KEY);
        String base = parsed.string(STRIPE_API_BASE);
        if (key.isEmpty() && base.isEmpty()) {
            problems.add(STRIPE_API_KEY + " (or " + STRIPE_KEY_VARIABLE + ") is needed unless " + STRIPE_API_BASE
                    + " names a stand-in");
        }
        if (isLive(key) && !environmentIsSet) {
            problems.add(
                    "environment must be set when a live key of Stripe is used, so that no other installation's facts"
                            + " can be taken for this one's");
        }
        if (isLive(key) && !base.isEmpty()) {
            problems.add("a live key of Stripe is not sent to " + STRIPE_API_BASE + " " + base);
        }
        if (!base.isEmpty() && !isHttp(base)) {
            problems.add(STRIPE_API_BASE + ": " + base + " is no http or https address");
        }
        if (parsed.duration(STRIPE_RETRY_LONGEST).compareTo(parsed.duration(STRIPE_RETRY_FIRST)) < 0) {
            problems.add(STRIPE_RETRY_LONGEST + " is less than " + STRIPE_RETRY_FIRST);
        }
        if (!parsed.string(SINK_INSTANCE).matches("[a-zA-Z0-9._-]{0,100}")) {
            problems.add(SINK_INSTANCE + ": letters, digits, dot, underscore and minus, at most 100");
        }
        problems.addAll(AlertParts.problems(parsed));
        problems.addAll(CommonSettings.clockProblems(parsed, parsed.string(HTTP_HOST)));
        if (CommonSettings.hasTestClock(parsed) && !isOnLoopback(base)) {
            problems.add(CommonSettings.CLOCK + " is a test clock: " + STRIPE_API_BASE
                    + " must name a stand-in on a loopback address, since Stripe goes by its own time");
        }
        for (String guarded : List.of("transactional.id", "group.id", "isolation.level", "enable.auto.commit")) {
            if (parsed.kafka().containsKey(guarded)) {
                problems.add("kafka." + guarded + " cannot be set: exactly-once delivery rests on it");
            }
        }
        return problems;
    }

    private static SinkSettings of(ParsedSettings parsed, String randomInstance) {
        String key = parsed.string(STRIPE_API_KEY);
        String base = parsed.string(STRIPE_API_BASE).replaceAll("/+$", "");
        String group = parsed.string(CommonSettings.APPLICATION_ID) + "-stripe-sink";
        String seatsGroup = parsed.string(CommonSettings.APPLICATION_ID) + "-stripe-seats";
        String instance = parsed.string(SINK_INSTANCE);
        String suffix = "-" + (instance.isEmpty() ? randomInstance : instance);
        String named = group + suffix;
        Topics topics = Topics.of(parsed);
        boolean streaming = parsed.string(STRIPE_TRANSPORT).equals(V2_STREAM);
        boolean likeLive = isLive(key) || !base.isEmpty();
        int eventsPerCall = streaming ? EVENTS_A_CALL : 1;
        int usual = likeLive ? (streaming ? STREAM_LIVE_RATE : LIVE_RATE) : SANDBOX_RATE * eventsPerCall;
        int limit = parsed.integer(STRIPE_RATE_LIMIT);
        int eventsPerSecond = limit > 0 ? limit : usual;
        RetryRule retryRule = new RetryRule(parsed.duration(STRIPE_RETRY_FIRST), parsed.duration(STRIPE_RETRY_LONGEST));
        DeliverySettings delivery = new DeliverySettings(
                CommonSettings.kafkaClient(parsed),
                new DeliveryTopics(
                        topics.billableUsage(),
                        topics.stripeLedger(),
                        topics.stripeDeadLetters(),
                        topics.stripeRequests()),
                group,
                named,
                instance.isEmpty() ? Optional.empty() : Optional.of(named),
                parsed.integer(STRIPE_MAX_IN_FLIGHT) * eventsPerCall,
                parsed.integer(SINK_MAX_PENDING),
                COMMIT_INTERVAL,
                REVOKE_WAIT,
                LEDGER_MEMORY,
                retryRule,
                parsed.duration(STRIPE_SUMS_DELAY));
        SeatsSettings seats = new SeatsSettings(
                CommonSettings.kafkaClient(parsed),
                new SeatsTopics(
                        topics.seatChanges(), topics.stripeSeats(), topics.subscriptions(), topics.stripeDeadLetters()),
                seatsGroup,
                seatsGroup + suffix,
                instance.isEmpty() ? Optional.empty() : Optional.of(seatsGroup + suffix),
                parsed.integer(STRIPE_MAX_IN_FLIGHT),
                Math.clamp(eventsPerSecond / eventsPerCall / SEAT_CALLS_SHARE, 1, MOST_SEAT_CALLS),
                SeatsSettings.UPDATES_PER_HOUR,
                parsed.duration(SEATS_DEBOUNCE),
                parsed.duration(SEATS_CHECK_INTERVAL),
                parsed.bool(SEATS_REPAIR),
                REVOKE_WAIT,
                retryRule);
        return new SinkSettings(
                parsed,
                delivery,
                seats,
                new StripeConnection(key.isEmpty() ? STAND_IN_KEY : key, base, parsed.duration(STRIPE_REQUEST_TIMEOUT)),
                streaming,
                eventsPerSecond,
                AlertParts.of(parsed, instance, randomInstance),
                parsed.string(HTTP_HOST),
                parsed.integer(HTTP_PORT));
    }

    /** From one comparison with Stripe's sums to the next; zero: none. */
    Duration reconcileInterval() {
        return parsed.duration(STRIPE_RECONCILE_INTERVAL);
    }

    /** From one question for Stripe's error reports to the next. */
    Duration errorsInterval() {
        return parsed.duration(STRIPE_ERRORS_INTERVAL);
    }

    /** Whether the key is one of Stripe's live mode, where money moves. */
    boolean isLive() {
        return isLive(stripe.apiKey());
    }

    private static boolean isLive(String key) {
        return LIVE_KEYS.stream().anyMatch(key::startsWith);
    }

    private static boolean isOnLoopback(String address) {
        return isHttp(address) && CommonSettings.isLoopback(URI.create(address).getHost());
    }

    private static boolean isHttp(String address) {
        try {
            URI uri = URI.create(address);
            return uri.getHost() != null && ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()));
        } catch (IllegalArgumentException malformed) {
            return false;
        }
    }
}
