package dev.tally.schemas.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A fake of a schema registry, for tests: the part of Confluent's REST API that serdes use, in memory, on a free port of 127.0.0.1.
 * It does not check compatibility. Equal schema text has one id, as in Confluent's registry. Not for anything but tests; the local
 * stack runs a real registry.
 */
public final class RegistryFake implements AutoCloseable {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final HttpServer server;
    private final ExecutorService executor = Executors.newFixedThreadPool(4);
    private final List<String> schemas = new ArrayList<>();
    private final Map<Integer, String> foreignAnswers = new LinkedHashMap<>();
    private final Map<String, List<Integer>> versions = new LinkedHashMap<>();
    private final Map<String, String> levels = new LinkedHashMap<>();
    private final AtomicInteger requests = new AtomicInteger();
    private final AtomicInteger failures = new AtomicInteger();
    private volatile int failureStatus = 500;
    private volatile @Nullable String userInfo;

    private RegistryFake(HttpServer server) {
        this.server = server;
    }

    public static RegistryFake start() {
        return start(0);
    }

    /** Starts on a given port, e.g. where one was closed before. */
    public static RegistryFake start(int port) {
        try {
            HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
            RegistryFake fake = new RegistryFake(server);
            server.createContext("/", fake::handle);
            server.setExecutor(fake.executor);
            server.start();
            return fake;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public String url() {
        return "http://127.0.0.1:" + port();
    }

    public int port() {
        return server.getAddress().getPort();
    }

    /** Answers the next {@code count} requests with 500. */
    public void failNext(int count) {
        failNext(count, 500);
    }

    /** Answers the next {@code count} requests with a status. */
    public void failNext(int count, int status) {
        failureStatus = status;
        failures.set(count);
    }

    /** From now on asks for these credentials. */
    public void requireBasicAuth(String user, String password) {
        userInfo = user + ":" + password;
    }

    /** Number of requests answered so far, of whatever kind. */
    public int requests() {
        return requests.get();
    }

    /** Registers a schema as a producer would. */
    public synchronized int register(String subject, String schema) {
        int id = schemas.indexOf(schema) + 1;
        if (id == 0) {
            schemas.add(schema);
            id = schemas.size();
        }
        List<Integer> ids = versions.computeIfAbsent(subject, any -> new ArrayList<>());
        if (!ids.contains(id)) {
            ids.add(id);
        }
        return id;
    }

    /** Answers {@code GET /schemas/ids/{id}} with this body, whatever it is. */
    public synchronized void answerSchemaId(int id, String body) {
        foreignAnswers.put(id, body);
    }

    /** Texts of the schemas registered under a subject, oldest first. */
    public synchronized List<String> schemas(String subject) {
        return versions.getOrDefault(subject, List.of()).stream()
                .map(id -> schemas.get(id - 1))
                .toList();
    }

    public synchronized List<String> subjects() {
        return List.copyOf(versions.keySet());
    }

    @Override
    public void close() {
        server.stop(0);
        executor.shutdownNow();
    }

    private void handle(HttpExchange exchange) throws IOException {
        requests.incrementAndGet();
        String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        Answer answer;
        if (!isAuthorized(exchange)) {
            answer = error(401, 40101, "Unauthorized");
        } else if (failures.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
            answer = error(failureStatus, failureStatus * 100 + 1, "told to fail");
        } else {
            answer =
                    answer(exchange.getRequestMethod(), exchange.getRequestURI().getRawPath(), body);
        }
        byte[] bytes = answer.body().getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/vnd.schemaregistry.v1+json");
        exchange.sendResponseHeaders(answer.status(), bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    private boolean isAuthorized(HttpExchange exchange) {
        String required = userInfo;
        if (required == null) {
            return true;
        }
        String expected = "Basic " + Base64.getEncoder().encodeToString(required.getBytes(StandardCharsets.UTF_8));
        return expected.equals(exchange.getRequestHeaders().getFirst("Authorization"));
    }

    private record Answer(int status, String body) {}

    private synchronized Answer answer(String method, String rawPath, String body) throws IOException {
        List<String> path = List.of(rawPath.substring(1).split("/")).stream()
                .map(part -> URLDecoder.decode(part, StandardCharsets.UTF_8))
                .toList();
        return switch (path.getFirst()) {
            case "subjects" -> subjects(method, path, body);
            case "schemas" -> path.size() == 3 && path.get(1).equals("ids") ? schemaById(path.get(2)) : notFound();
            case "config" -> config(method, path, body);
            default -> notFound();
        };
    }

    private Answer subjects(String method, List<String> path, String body) throws IOException {
        if (path.size() == 1) {
            return ok(subjects());
        }
        String subject = path.get(1);
        if (method.equals("POST") && path.size() == 3 && path.get(2).equals("versions")) {
            return ok(Map.of("id", register(subject, schemaIn(body))));
        }
        List<Integer> ids = versions.get(subject);
        if (ids == null) {
            return error(404, 40401, "Subject '" + subject + "' not found.");
        }
        if (method.equals("POST") && path.size() == 2) {
            int id = schemas.indexOf(schemaIn(body)) + 1;
            return ids.contains(id) ? version(subject, id) : error(404, 40403, "Schema not found");
        }
        if (path.size() == 3 && path.get(2).equals("versions")) {
            List<Integer> numbers = new ArrayList<>();
            ids.forEach(id -> numbers.add(numbers.size() + 1));
            return ok(numbers);
        }
        return path.size() == 4 && path.get(3).equals("latest") ? version(subject, ids.getLast()) : notFound();
    }

    private Answer version(String subject, int id) throws IOException {
        int version = versions.getOrDefault(subject, List.of()).indexOf(id) + 1;
        return ok(Map.of("subject", subject, "id", id, "version", version, "schema", schemas.get(id - 1)));
    }

    private Answer schemaById(String text) throws IOException {
        int id = Integer.parseInt(text);
        String foreign = foreignAnswers.get(id);
        if (foreign != null) {
            return new Answer(200, foreign);
        }
        return id >= 1 && id <= schemas.size()
                ? ok(Map.of("schema", schemas.get(id - 1)))
                : error(404, 40403, "Schema " + id + " not found");
    }

    private Answer config(String method, List<String> path, String body) throws IOException {
        String subject = path.size() > 1 ? path.get(1) : "";
        if (method.equals("PUT")) {
            String level = JSON.readTree(body).path("compatibility").asText();
            levels.put(subject, level);
            return ok(Map.of("compatibility", level));
        }
        String level = levels.get(subject);
        if (level == null && !subject.isEmpty()) {
            return error(404, 40408, "Subject '" + subject + "' does not have subject-level compatibility configured");
        }
        return ok(Map.of("compatibilityLevel", level == null ? "BACKWARD" : level));
    }

    private static String schemaIn(String body) throws IOException {
        JsonNode schema = JSON.readTree(body).path("schema");
        return schema.asText();
    }

    private static Answer notFound() {
        return error(404, 404, "HTTP 404 Not Found");
    }

    private static Answer ok(Object body) throws IOException {
        return new Answer(200, JSON.writeValueAsString(body));
    }

    private static Answer error(int status, int code, String message) {
        return new Answer(
                status,
                JSON.createObjectNode()
                        .put("error_code", code)
                        .put("message", message)
                        .toString());
    }
}
