package dev.tally.streams.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
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

/** The API over a real socket. Every answer to a GET is held against the OpenAPI document. */
final class ServedApi implements AutoCloseable {

    static final Instant NOW = Instant.parse("2026-11-21T23:59:59.999Z");

    final CountsInMemory counts = new CountsInMemory();
    private final OpenApiDocument document = new OpenApiDocument();
    private final HttpClient client = HttpClient.newHttpClient();
    private final HttpApi api;
    private boolean started = true;
    private boolean live = true;
    private Optional<String> notReady = Optional.empty();

    ServedApi() {
        api = new HttpApi(new HttpApi.Collaborators(
                () -> started ? Optional.of(counts) : Optional.empty(),
                () -> live,
                () -> notReady,
                () -> "# HELP tally_ready x\ntally_ready 1.0\n",
                "72h",
                () -> NOW));
        api.start("127.0.0.1", 0);
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

    /** The topology is there but does not run. */
    void notReadyBecause(String reason) {
        notReady = Optional.of(reason);
    }

    void die() {
        live = false;
    }

    /** Asks for a path, given as it travels. */
    HttpResponse<String> get(String rawPathAndQuery) {
        HttpResponse<String> response = send("GET", rawPathAndQuery);
        try {
            document.assertDescribes(
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
        try {
            HttpResponse<String> response = client.send(
                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + api.port() + rawPathAndQuery))
                            .method(method, HttpRequest.BodyPublishers.noBody())
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            assertThat(response.headers().firstValue("X-Content-Type-Options")).hasValue("nosniff");
            assertThat(response.headers().firstValue("Cache-Control")).hasValue("no-store");
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
