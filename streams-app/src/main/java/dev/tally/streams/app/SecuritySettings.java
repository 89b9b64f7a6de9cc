package dev.tally.streams.app;

import dev.tally.settings.CommonSettings;
import dev.tally.settings.ParsedSettings;
import dev.tally.settings.SettingsException;
import dev.tally.streams.http.Security;
import dev.tally.streams.http.auth.BearerTokens;
import dev.tally.streams.http.auth.InstanceCredentials;
import dev.tally.streams.http.auth.InstanceSecret;
import dev.tally.streams.http.auth.KeySource;
import dev.tally.streams.http.auth.RateLimit;
import dev.tally.streams.http.auth.SigningKeys;
import dev.tally.streams.http.auth.StreamTickets;
import dev.tally.streams.http.tls.ServedTls;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.Importance;

/** The settings of who may call, and what they come to. */
final class SecuritySettings {

    static final String AUTH = "auth";
    static final String BEHIND_PROXY = "behind-proxy";
    static final String JWKS = "auth.jwks";
    static final String ISSUER = "auth.issuer";
    static final String AUDIENCE = "auth.audience";
    static final String METRICS = "auth.metrics";
    static final String INSTANCE_SECRET = "auth.instance.secret";
    static final String INSTANCE_SECRET_FILE = "auth.instance.secret.file";
    static final String RATE_LIMIT = "http.rate.limit";
    static final String CORS_ORIGINS = "http.cors.origins";
    static final String TLS_CERTIFICATE = "http.tls.certificate";
    static final String TLS_KEY = "http.tls.key";

    private static final String NONE = "none";
    private static final String JWT = "jwt";
    private static final String OPEN = "open";
    private static final int MAX_SECRET_BYTES = 4096;

    /** An origin as browsers write it: no path, no slash at the end, small letters. */
    private static final Pattern ORIGIN =
            Pattern.compile("https?://([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\\[[0-9a-f:]+])(:[1-9][0-9]{0,4})?");

    private final ParsedSettings values;
    private final InstantSource clock;
    private final List<String> problems = new ArrayList<>();

    private SecuritySettings(ParsedSettings values, InstantSource clock) {
        this.values = values;
        this.clock = clock;
    }

    /** Adds the settings to a definition. */
    static ConfigDef define(ConfigDef def) {
        return def.define(
                        AUTH,
                        ConfigDef.Type.STRING,
                        NONE,
                        ConfigDef.ValidString.in(NONE, BEHIND_PROXY, JWT),
                        Importance.HIGH,
                        "Who may call. none: anybody who reaches the port, so http.host must be a loopback address. behind-proxy: the same, on"
                                + " any address, because what stands before the port (a proxy, or a container port published on loopback"
                                + " only) decides who reaches it. jwt: who shows a token of auth.issuer, on any address; see"
                                + " docs/security.md.")
                .define(
                        JWKS,
                        ConfigDef.Type.STRING,
                        "",
                        Importance.HIGH,
                        "With auth=jwt: where the issuer's public keys are, as a JSON Web Key Set: an https URL, or the path of a file.")
                .define(
                        ISSUER,
                        ConfigDef.Type.STRING,
                        "",
                        Importance.HIGH,
                        "With auth=jwt: the claim iss of every token.")
                .define(
                        AUDIENCE,
                        ConfigDef.Type.STRING,
                        "",
                        Importance.HIGH,
                        "With auth=jwt: what the claim aud of every token names.")
                .define(
                        METRICS,
                        ConfigDef.Type.STRING,
                        "admin",
                        ConfigDef.ValidString.in("admin", OPEN),
                        Importance.MEDIUM,
                        "With auth=jwt: who may read /metrics. admin: tokens with that scope. open: anybody who reaches the port.")
                .define(
                        INSTANCE_SECRET,
                        ConfigDef.Type.PASSWORD,
                        "",
                        Importance.HIGH,
                        "What instances know each other by, the same on all of them; at least 32 characters. Needed with auth=jwt, and for"
                                + " several instances on addresses that are not loopback.")
                .define(
                        INSTANCE_SECRET_FILE,
                        ConfigDef.Type.STRING,
                        "",
                        Importance.HIGH,
                        "The path of a file with auth.instance.secret, instead of it.")
                .define(
                        RATE_LIMIT,
                        ConfigDef.Type.INT,
                        0,
                        ConfigDef.Range.between(0, 1_000_000),
                        Importance.MEDIUM,
                        "With auth=jwt: calls a second that each caller (claim sub) may make at each instance; more are answered 429. 0: any"
                                + " number.")
                .define(
                        CORS_ORIGINS,
                        ConfigDef.Type.STRING,
                        "",
                        Importance.MEDIUM,
                        "Origins of web pages that may call from a browser, such as https://app.example, separated by commas. Empty: pages"
                                + " of this server only.")
                .define(
                        TLS_CERTIFICATE,
                        ConfigDef.Type.STRING,
                        "",
                        Importance.MEDIUM,
                        "The path of a PEM file with the certificate and its chain: HTTP is then served by TLS only. Read again when it"
                                + " changes.")
                .define(
                        TLS_KEY,
                        ConfigDef.Type.STRING,
                        "",
                        Importance.MEDIUM,
                        "The path of a PEM file with the certificate's key as PKCS#8, not encrypted. Read again when it changes.");
    }

    /** All that is wrong, also with the files that are named. */
    static List<String> problems(ParsedSettings values) {
        SecuritySettings settings = new SecuritySettings(values, InstantSource.system());
        settings.read().tls().ifPresent(ServedTls::close);
        return List.copyOf(settings.problems);
    }

    /**
     * What the settings come to.
     *
     * @throws SettingsException when something is wrong with them (now)
     */
    static Security security(ParsedSettings values, InstantSource clock) {
        SecuritySettings settings = new SecuritySettings(values, clock);
        Security security = settings.read();
        if (!settings.problems.isEmpty()) {
            throw new SettingsException(settings.problems);
        }
        return security;
    }

    /** Whether callers show tokens. */
    static boolean asksForTokens(ParsedSettings values) {
        return values.string(AUTH).equals(JWT);
    }

    private Security read() {
        if (is(NONE) && !isLoopback()) {
            problems.add(MeteringSettings.HTTP_HOST + " is " + values.string(MeteringSettings.HTTP_HOST)
                    + ": with auth=none only a loopback address is served");
        }
        Optional<InstanceSecret> secret = secret();
        return new Security(
                tokens(),
                secret.map(known -> InstanceCredentials.sharing(known, clock))
                        .orElseGet(isLoopback() ? InstanceCredentials::none : InstanceCredentials::missing),
                new StreamTickets(secret.orElseGet(InstanceSecret::random), clock),
                new RateLimit(values.integer(RATE_LIMIT), clock),
                is(NONE) ? Optional.of(ownNames()) : Optional.empty(),
                !is(JWT) || values.string(METRICS).equals(OPEN),
                origins(),
                tls());
    }

    /** Other instances call by that name. */
    private Set<String> ownNames() {
        String server = values.string(MeteringSettings.APPLICATION_SERVER);
        return server.isEmpty() ? Set.of() : Set.of(server.replaceFirst(":\\d+$", ""));
    }

    private boolean is(String auth) {
        return values.string(AUTH).equals(auth);
    }

    private boolean isLoopback() {
        return CommonSettings.isLoopback(values.string(MeteringSettings.HTTP_HOST));
    }

    private Optional<BearerTokens> tokens() {
        List<String> ofTokens = List.of(JWKS, ISSUER, AUDIENCE);
        if (!is(JWT)) {
            // Whoever sets these believes that tokens are asked for.
            ofTokens.stream()
                    .filter(key -> !values.string(key).isEmpty())
                    .forEach(key -> problems.add(key + " is set, but " + AUTH + " is " + values.string(AUTH)));
            if (values.integer(RATE_LIMIT) > 0) {
                problems.add(RATE_LIMIT + " counts the calls of a token, but " + AUTH + " is " + values.string(AUTH));
            }
            return Optional.empty();
        }
        ofTokens.stream()
                .filter(key -> values.string(key).isEmpty())
                .forEach(key -> problems.add(key + " is missing: " + AUTH + "=" + JWT + " needs it"));
        if (values.string(JWKS).isEmpty()) {
            return Optional.empty();
        }
        try {
            KeySource source = KeySource.of(values.string(JWKS));
            if (source instanceof KeySource.File file) {
                SigningKeys.problem(file).ifPresent(problem -> problems.add(JWKS + ": " + file.path() + " " + problem));
            }
            SigningKeys keys = new SigningKeys(
                    source,
                    clock,
                    task -> Thread.ofVirtual().name("signing-keys").start(task));
            return Optional.of(new BearerTokens(keys, values.string(ISSUER), values.string(AUDIENCE), clock));
        } catch (IllegalArgumentException e) {
            problems.add(JWKS + " " + e.getMessage());
            return Optional.empty();
        }
    }

    private Optional<InstanceSecret> secret() {
        String given = values.string(INSTANCE_SECRET);
        String file = values.string(INSTANCE_SECRET_FILE);
        if (!given.isEmpty() && !file.isEmpty()) {
            problems.add(INSTANCE_SECRET + " and " + INSTANCE_SECRET_FILE + " are both set; one of them is enough");
            return Optional.empty();
        }
        if (given.isEmpty() && file.isEmpty()) {
            if (is(JWT)) {
                problems.add(INSTANCE_SECRET + " or " + INSTANCE_SECRET_FILE + " is missing: " + AUTH + "=" + JWT
                        + " needs one of them");
            }
            return Optional.empty();
        }
        String key = file.isEmpty() ? INSTANCE_SECRET : INSTANCE_SECRET_FILE;
        try {
            return Optional.of(InstanceSecret.of(file.isEmpty() ? given : content(Path.of(file))));
        } catch (IOException | InvalidPathException e) {
            problems.add(key + ": " + file + " cannot be read");
        } catch (IllegalArgumentException e) {
            problems.add(key + " " + e.getMessage());
        }
        return Optional.empty();
    }

    /** Without the white space at its ends: editors end files with a line break that nobody means. */
    private static String content(Path file) throws IOException {
        if (Files.size(file) > MAX_SECRET_BYTES) {
            throw new IOException("too large");
        }
        return Files.readString(file).strip();
    }

    private Set<String> origins() {
        Set<String> origins = new LinkedHashSet<>();
        Arrays.stream(values.string(CORS_ORIGINS).split(","))
                .map(String::strip)
                .filter(origin -> !origin.isEmpty())
                .forEach(origin -> {
                    if (!ORIGIN.matcher(origin).matches()) {
                        problems.add(
                                CORS_ORIGINS + " has " + origin + ", which is no origin such as https://app.example: no"
                                        + " path, no slash at the end, small letters, never *");
                    }
                    origins.add(origin);
                });
        return origins;
    }

    private Optional<ServedTls> tls() {
        String certificate = values.string(TLS_CERTIFICATE);
        String key = values.string(TLS_KEY);
        if (certificate.isEmpty() && key.isEmpty()) {
            return Optional.empty();
        }
        if (certificate.isEmpty() || key.isEmpty()) {
            problems.add(TLS_CERTIFICATE + " and " + TLS_KEY + " go together; "
                    + (key.isEmpty() ? TLS_KEY : TLS_CERTIFICATE) + " is missing");
            return Optional.empty();
        }
        try {
            return Optional.of(new ServedTls(Path.of(certificate), Path.of(key)));
        } catch (IOException | InvalidPathException e) {
            problems.add(TLS_CERTIFICATE + " and " + TLS_KEY + ": " + e.getMessage());
            return Optional.empty();
        }
    }
}
