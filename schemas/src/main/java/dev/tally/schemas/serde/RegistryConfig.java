package dev.tally.schemas.serde;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.config.types.Password;

/**
 * The part of a serde's configuration that we understand, by Confluent's names.
 *
 * @param urls registry addresses without credentials, at least one
 * @param authorization value of the Authorization header, if any
 * @param autoRegister whether schemas are registered on first use
 * @param useLatest whether records are written with the subject's latest schema
 * @param naming how the subject of a schema is named
 * @param maxRetries further attempts after the first
 * @param retryWait wait before the first retry; doubles each time
 * @param retryMaxWait longest wait
 * @param connectTimeout for a connection
 * @param readTimeout for an answer
 */
record RegistryConfig(
        List<URI> urls,
        Optional<String> authorization,
        boolean autoRegister,
        boolean useLatest,
        SubjectNaming naming,
        int maxRetries,
        Duration retryWait,
        Duration retryMaxWait,
        Duration connectTimeout,
        Duration readTimeout) {

    static final String URL = "schema.registry.url";
    static final String USER_INFO = "basic.auth.user.info";
    static final String AUTO_REGISTER = "auto.register.schemas";
    static final String USE_LATEST = "use.latest.version";
    static final String VALUE_NAMING = "value.subject.name.strategy";
    static final String KEY_NAMING = "key.subject.name.strategy";

    static RegistryConfig of(Map<String, ?> configs, boolean isKey) {
        List<URI> urls = new ArrayList<>();
        Optional<String> userInfo = text(configs, USER_INFO)
                .or(() -> text(configs, "schema.registry.basic.auth.user.info"))
                .filter(info -> !info.isEmpty());
        for (String part : text(configs, URL).orElse("").split(",")) {
            if (!part.isBlank()) {
                URI uri = address(part.trim());
                if (userInfo.isEmpty() && uri.getUserInfo() != null) {
                    userInfo = Optional.of(uri.getUserInfo());
                }
                urls.add(withoutCredentials(uri));
            }
        }
        if (urls.isEmpty()) {
            throw new ConfigException(
                    URL + " is missing: the address of a schema registry, e.g. http://127.0.0.1:8081");
        }
        return new RegistryConfig(
                List.copyOf(urls),
                userInfo.map(RegistryConfig::basic),
                flag(configs, AUTO_REGISTER, true),
                flag(configs, USE_LATEST, false),
                SubjectNaming.of(text(configs, isKey ? KEY_NAMING : VALUE_NAMING)),
                number(configs, "max.retries", 3),
                Duration.ofMillis(number(configs, "retries.wait.ms", 100)),
                Duration.ofMillis(number(configs, "retries.max.wait.ms", 2_000)),
                Duration.ofMillis(number(configs, "http.connect.timeout.ms", 5_000)),
                Duration.ofMillis(number(configs, "http.read.timeout.ms", 10_000)));
    }

    private static URI address(String text) {
        try {
            URI uri = URI.create(text.endsWith("/") ? text.substring(0, text.length() - 1) : text);
            if (uri.getHost() != null && ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))) {
                return uri;
            }
        } catch (IllegalArgumentException e) {
            throw new ConfigException(URL + " holds a malformed address: " + e.getMessage());
        }
        throw new ConfigException(URL + " must be http:// or https:// addresses separated by commas");
    }

    private static URI withoutCredentials(URI uri) {
        String text = uri.toString();
        String rawUserInfo = uri.getRawUserInfo();
        return rawUserInfo == null ? uri : URI.create(text.replace(rawUserInfo + "@", ""));
    }

    private static String basic(String userInfo) {
        return "Basic " + Base64.getEncoder().encodeToString(userInfo.getBytes(StandardCharsets.UTF_8));
    }

    private static Optional<String> text(Map<String, ?> configs, String key) {
        Object value = configs.get(key);
        return switch (value) {
            case null -> Optional.empty();
            case Password password -> Optional.of(password.value());
            case List<?> list ->
                Optional.of(String.join(",", list.stream().map(String::valueOf).toList()));
            case Class<?> type -> Optional.of(type.getName());
            default -> Optional.of(value.toString());
        };
    }

    private static boolean flag(Map<String, ?> configs, String key, boolean otherwise) {
        String value = text(configs, key).orElse(Boolean.toString(otherwise));
        return switch (value) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new ConfigException(key, value, "must be true or false");
        };
    }

    private static int number(Map<String, ?> configs, String key, int otherwise) {
        String value = text(configs, key).orElse(Integer.toString(otherwise));
        try {
            int number = Integer.parseInt(value);
            if (number >= 0) {
                return number;
            }
        } catch (NumberFormatException e) {
            throw new ConfigException(key, value, "must be a whole number");
        }
        throw new ConfigException(key, value, "must not be negative");
    }

    /** Without credentials. */
    @Override
    public String toString() {
        return "RegistryConfig[urls=" + urls + ", autoRegister=" + autoRegister + ", useLatest=" + useLatest + "]";
    }
}
