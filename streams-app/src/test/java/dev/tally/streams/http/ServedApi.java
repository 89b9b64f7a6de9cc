package dev.tally.streams.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.streams.http.live.LiveTimes;
import dev.tally.streams.requests.Requests;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/** The API over a real socket. Every answer to a well-formed request is held against the OpenAPI document. */
final class ServedApi implements AutoCloseable {

    static final int MOST_STREAMS = 3;
    static final Instant NOW = Instant.parse("2026-11-21T23:59:59.999Z");

    final CountsInMemory counts = new CountsInMemory();
    final AdmissionsInMemory admissions = new AdmissionsInMemory();
    final CatalogueInMemory catalogue = new CatalogueInMemory();
    final FactsInMemory facts = new FactsInMemory();
    final AlertsInMemory alerts = new AlertsInMemory();
    final ChangesInMemory changes = new ChangesInMemory();
    final ActionsInMemory actions = new ActionsInMemory();
    private final OpenApiDocument document = new OpenApiDocument();
    private final HttpClient client = HttpClient.newHttpClient();
    private final HttpApi api;
    private volatile Instant now = NOW;
    private volatile boolean started = true;
    private boolean live = true;
    private volatile Optional<String> notReady = Optional.empty();

    ServedApi() {
        this(true);
    }

    ServedApi(boolean catalogueWritable) {
        this(catalogueWritable, Security.open(() -> NOW), LiveTimes.USUAL);
    }

    ServedApi(boolean catalogueWritable, LiveTimes times) {
        this(catalogueWritable, Security.open(() -> NOW), times);
    }

    /** The API for those whom these rules let in. */
    ServedApi(Security security) {
        this(true, security, LiveTimes.USUAL);
    }

    private ServedApi(boolean catalogueWritable, Security security, LiveTimes times) {
        HttpApi.Collaborators with = new HttpApi.Collaborators(
                () -> started ? Optional.of(counts) : Optional.empty(),
                () -> started ? Optional.of(new Requests(admissions, catalogue, facts, alerts)) : Optional.empty(),
                Optional::empty,
                () -> started ? Optional.of(changes) : Optional.empty(),
                () -> started ? Optional.of(changes) : Optional.empty(),
                MOST_STREAMS,
                () -> started ? Optional.of(actions) : Optional.empty(),
                catalogueWritable,
                () -> live,
                () -> notReady,
                () -> "# HELP tally_ready x\ntally_ready 1.0\n",
                "72h",
                () -> now,
                security);
        api = new HttpApi(with, times);
        api.start("127.0.0.1", 0);
    }

    /** Sets the clock. */
    void now(Instant instant) {
        now = instant;
    }

    HttpApi api() {
        return api;
    }

    OpenApiDocument document() {
        return document;
    }

    /** The process has not got as far as its topology. */
    void waitFor(String what) {
        started = false;
        notReady = Optional.of(what);
    }

    /** The process has got as far as its topology. */
    void goOn() {
        started = true;
        notReady = Optional.empty();
    }

    /** Sends a body to a route that is for other instances only. */
    HttpResponse<String> sendUndescribed(String method, String rawPathAndQuery, String body) {
        return send(
                HttpRequest.newBuilder(uri(rawPathAndQuery)).method(method, HttpRequest.BodyPublishers.ofString(body)));
    }

    /** The topology is there but does not run. */
    void notReadyBecause(String reason) {
        notReady = Optional.of(reason);
    }

    void die() {
        live = false;
    }

    /** Asks for a path, given as it travels. */
    HttpResponse<String> get(String rawPathAndQuery) {
        return described("GET", rawPathAndQuery, send("GET", rawPathAndQuery));
    }

    /** Asks for a page or a file of one, with a header; what is answered with a body has to be described. */
    HttpResponse<String> get(String rawPath, String header, String value) {
        HttpResponse<String> response =
                exchange(HttpRequest.newBuilder(uri(rawPath)).header(header, value));
        return response.statusCode() == 304 ? response : described("GET", rawPath, response);
    }

    /** The text that a path answers to who takes it compressed; it has to come so. */
    String unzipped(String rawPath) {
        try {
            HttpResponse<InputStream> response = client.send(
                    HttpRequest.newBuilder(uri(rawPath))
                            .header("Accept-Encoding", "gzip")
                            .build(),
                    HttpResponse.BodyHandlers.ofInputStream());
            assertThat(response.headers().firstValue("Content-Encoding")).hasValue("gzip");
            try (InputStream body = new GZIPInputStream(response.body())) {
                return new String(body.readAllBytes(), StandardCharsets.UTF_8);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    /** Asks for what a GET would answer, without its body. */
    HttpResponse<String> head(String rawPath) {
        return exchange(HttpRequest.newBuilder(uri(rawPath)).method("HEAD", HttpRequest.BodyPublishers.noBody()));
    }

    /** Opens a stream of events and reads it from here on. */
    EventStream stream(String rawPathAndQuery, String... headers) {
        return new EventStream(api.port(), rawPathAndQuery, headers);
    }

    /** Asks for a path without waiting for the answer. */
    CompletableFuture<HttpResponse<String>> getLater(String rawPathAndQuery) {
        return client.sendAsync(
                HttpRequest.newBuilder(uri(rawPathAndQuery)).build(), HttpResponse.BodyHandlers.ofString());
    }

    /** Asks to delete what a path names, given as it travels. */
    HttpResponse<String> delete(String rawPathAndQuery) {
        return described("DELETE", rawPathAndQuery, send("DELETE", rawPathAndQuery));
    }

    /** Sends JSON; single quotes stand for double ones. */
    HttpResponse<String> send(String method, String rawPathAndQuery, String json) {
        return send(method, rawPathAndQuery, "application/json", json.replace('\'', '"'));
    }

    /** Sends a body. */
    HttpResponse<String> send(String method, String rawPathAndQuery, String contentType, String body) {
        return described(
                method,
                rawPathAndQuery,
                send(HttpRequest.newBuilder(uri(rawPathAndQuery))
                        .header("Content-Type", contentType)
                        .method(method, HttpRequest.BodyPublishers.ofString(body))));
    }

    /** Asks with headers, each a name and a value; a body, where there is one, is JSON with single quotes for double ones. */
    HttpResponse<String> ask(String method, String rawPathAndQuery, @Nullable String json, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri(rawPathAndQuery))
                .method(
                        method,
                        json == null
                                ? HttpRequest.BodyPublishers.noBody()
                                : HttpRequest.BodyPublishers.ofString(json.replace('\'', '"')));
        if (json != null) {
            request.header("Content-Type", "application/json");
        }
        if (headers.length > 0) {
            request.headers(headers);
        }
        HttpResponse<String> response = send(request);
        // What a browser asks before it calls is no operation.
        return method.equals("OPTIONS") ? response : described(method, rawPathAndQuery, response);
    }

    private HttpResponse<String> described(String method, String rawPathAndQuery, HttpResponse<String> response) {
        try {
            document.assertDescribes(
                    method,
                    rawPathAndQuery.replaceFirst("\\?.*", ""),
                    response.statusCode(),
                    response.headers().firstValue("Content-Type").orElseThrow(),
                    response.body());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return response;
    }

    HttpResponse<String> send(String method, String rawPathAndQuery) {
        return send(HttpRequest.newBuilder(uri(rawPathAndQuery)).method(method, HttpRequest.BodyPublishers.noBody()));
    }

    private URI uri(String rawPathAndQuery) {
        return URI.create("http://127.0.0.1:" + api.port() + rawPathAndQuery);
    }

    private HttpResponse<String> send(HttpRequest.Builder request) {
        HttpResponse<String> response = exchange(request);
        // Files hold no data.
        String type = response.headers().firstValue("Content-Type").orElse("");
        if (!type.matches("text/(html|css|javascript).*|image/.*")) {
            assertThat(response.headers().firstValue("Cache-Control")).hasValue("no-store");
        }
        return response;
    }

    private HttpResponse<String> exchange(HttpRequest.Builder request) {
        try {
            HttpResponse<String> response = client.send(request.build(), HttpResponse.BodyHandlers.ofString());
            assertThat(response.headers().firstValue("X-Content-Type-Options")).hasValue("nosniff");
            assertThat(response.headers().firstValue("Server")).isEmpty();
            return response;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    /** Sends what no HTTP client would, byte by byte; the whole answer. */
    String sendRaw(String request) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), api.port())) {
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            socket.getOutputStream().flush();
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        client.close();
        api.close();
    }
}
