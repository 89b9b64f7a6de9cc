package dev.tally.schemas.serde;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.SerializationException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Talks to a schema registry in Confluent's REST API (v1), over java.net.http. Faults of the registry are retried a bounded number
 * of times with doubling, jittered waits and over all addresses, then come out as {@link RegistryUnavailableException}.
 *
 * <p>Source of paths and error codes: Confluent's API reference; 40401 unknown subject, 40402 unknown version, 40403 unknown schema.
 */
final class RegistryClient implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(RegistryClient.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String CONTENT_TYPE = "application/vnd.schemaregistry.v1+json";

    private final RegistryConfig config;
    private final HttpClient http;
    private volatile int current;

    RegistryClient(RegistryConfig config) {
        this.config = config;
        this.http = HttpClient.newBuilder()
                .connectTimeout(config.connectTimeout())
                .followRedirects(HttpClient.Redirect.NORMAL)
                .version(HttpClient.Version.HTTP_1_1)
                .build();
    }

    /** A schema as the registry keeps it. */
    record Registered(int id, String schema) {}

    /**
     * The schema with an id.
     *
     * @throws RefusedRecordException when the registry does not know it, or it is not a plain Avro schema
     */
    String schemaById(int id) {
        Reply reply = call("GET", "/schemas/ids/" + id, null);
        if (reply.isNotFound()) {
            throw new RefusedRecordException(
                    RefusalReason.UNKNOWN_SCHEMA, "schema id " + id + " is not known to the registry");
        }
        JsonNode body = reply.okBody("reading schema " + id);
        String type = body.path("schemaType").asText("AVRO");
        if (!type.equals("AVRO")) {
            throw new RefusedRecordException(
                    RefusalReason.UNSUPPORTED, "schema id " + id + " is of type " + type + ", not Avro");
        }
        if (!body.path("references").isEmpty()) {
            throw new RefusedRecordException(
                    RefusalReason.UNSUPPORTED, "schema id " + id + " refers to other schemas of the registry");
        }
        return body.path("schema").asText();
    }

    /** Registers a schema under a subject, or finds it there. */
    int register(String subject, String schema) {
        Reply reply = call("POST", "/subjects/" + path(subject) + "/versions", body(schema));
        return reply.okBody("registering the schema of subject " + subject)
                .path("id")
                .asInt();
    }

    /** The id of a schema that must be there. */
    int lookup(String subject, String schema) {
        Reply reply = call("POST", "/subjects/" + path(subject), body(schema));
        if (reply.isNotFound()) {
            throw new SerializationException("this version of the schema is not registered under subject " + subject
                    + ", and auto.register.schemas is false");
        }
        return reply.okBody("looking up the schema of subject " + subject)
                .path("id")
                .asInt();
    }

    /** The latest schema of a subject. */
    Registered latest(String subject) {
        Reply reply = call("GET", "/subjects/" + path(subject) + "/versions/latest", null);
        if (reply.isNotFound()) {
            throw new SerializationException("subject " + subject + " has no schema, and use.latest.version is true");
        }
        JsonNode body = reply.okBody("reading the latest schema of subject " + subject);
        return new Registered(body.path("id").asInt(), body.path("schema").asText());
    }

    @Override
    public void close() {
        http.shutdownNow();
    }

    private Reply call(String method, String path, @Nullable String body) {
        RegistryUnavailableException last = null;
        for (int attempt = 0; attempt <= config.maxRetries(); attempt++) {
            if (attempt > 0) {
                pause(attempt);
            }
            int index = Math.floorMod(current, config.urls().size());
            URI base = config.urls().get(index);
            try {
                Reply reply = send(base, method, path, body);
                if (!reply.isPassingFault()) {
                    return reply;
                }
                last = new RegistryUnavailableException(reply.describe());
            } catch (IOException e) {
                last = new RegistryUnavailableException(
                        "schema registry " + base + " cannot be reached: " + describe(e), e);
            }
            current = index + 1;
            log.atDebug().addKeyValue("attempt", attempt + 1).setCause(last).log("schema registry call failed");
        }
        if (last == null) {
            throw new IllegalStateException("no attempt was made");
        }
        throw last;
    }

    private Reply send(URI base, String method, String path, @Nullable String body) throws IOException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(base + path))
                .timeout(config.readTimeout())
                .header("Accept", CONTENT_TYPE + ", application/json")
                .method(
                        method,
                        body == null
                                ? HttpRequest.BodyPublishers.noBody()
                                : HttpRequest.BodyPublishers.ofString(body, StandardCharsets.UTF_8));
        if (body != null) {
            request.header("Content-Type", CONTENT_TYPE);
        }
        config.authorization().ifPresent(value -> request.header("Authorization", value));
        try {
            HttpResponse<String> response =
                    http.send(request.build(), HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
            return new Reply(base, response.statusCode(), parse(response.body()));
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }

    private void pause(int attempt) {
        long most = config.retryMaxWait().toMillis();
        long doubled = Math.min(most, config.retryWait().toMillis() << Math.min(attempt - 1, 20));
        Duration wait =
                Duration.ofMillis(doubled / 2 + ThreadLocalRandom.current().nextLong(doubled / 2 + 1));
        try {
            // A latch that nobody opens: a wait that an interrupt ends.
            boolean opened = new CountDownLatch(1).await(wait.toMillis(), TimeUnit.MILLISECONDS);
            if (opened) {
                throw new IllegalStateException("nobody opens this latch");
            }
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }

    private static String describe(IOException e) {
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }

    private static JsonNode parse(String body) {
        try {
            JsonNode node = JSON.readTree(body);
            return node == null ? MissingNode.getInstance() : node;
        } catch (JsonProcessingException e) {
            log.atDebug().setCause(e).log("schema registry answered something that is not JSON");
            return MissingNode.getInstance();
        }
    }

    private static String body(String schema) {
        try {
            return JSON.writeValueAsString(Map.of("schema", schema));
        } catch (JsonProcessingException e) {
            throw new SerializationException("schema cannot be written as JSON", e);
        }
    }

    private static String path(String subject) {
        return URLEncoder.encode(subject, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** An answer of the registry. */
    private record Reply(URI base, int status, JsonNode body) {

        /** The registry itself says that it has no such thing; a 404 of something else (a proxy, a wrong path) is not that. */
        boolean isNotFound() {
            int code = body.path("error_code").asInt();
            return status == 404 && code >= 40400 && code <= 40499;
        }

        boolean isPassingFault() {
            boolean notARegistry = status == 404 ? !isNotFound() : status < 400 && !body.isObject();
            return status >= 500 || status == 429 || status == 408 || status == 401 || status == 403 || notARegistry;
        }

        JsonNode okBody(String doing) {
            if (status >= 300) {
                throw new SerializationException(doing + ": " + describe());
            }
            return body;
        }

        String describe() {
            String answer = "schema registry " + base + " answered " + status;
            String message = body.path("message").asText("");
            if (status == 401 || status == 403) {
                return answer + "; are the credentials in basic.auth.user.info right?";
            }
            if (status == 404 || (status < 400 && !body.isObject())) {
                return answer + " in a way no schema registry does; is schema.registry.url right?";
            }
            return message.isEmpty()
                    ? answer
                    : answer + ", error " + body.path("error_code").asInt() + ": " + message;
        }
    }
}
