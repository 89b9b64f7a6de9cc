package dev.tally.cli;

import static java.util.stream.Collectors.joining;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Iterator;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** Asks streams-app over HTTP. */
public final class AppClient {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(3)).build();
    private final String base;

    /** A client of the app at an address. */
    public AppClient(String base) {
        if (!base.matches("https?://[^/?#\\s]+/?")) {
            throw new Exit(Exit.USAGE, "--app is an address such as http://127.0.0.1:8080, not " + base);
        }
        this.base = base.endsWith("/") ? base.substring(0, base.length() - 1) : base;
    }

    /** A status and a body. */
    public record Reply(int status, JsonNode body) {}

    /** Empty when the app cannot be reached. */
    public Optional<Reply> get(String path) {
        HttpRequest request = HttpRequest.newBuilder(URI.create(base + path))
                .timeout(Duration.ofSeconds(10))
                .build();
        try {
            HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
            return Optional.of(new Reply(response.statusCode(), JSON.readTree(response.body())));
        } catch (IOException e) {
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    /**
     * A server-sent event.
     *
     * @param id empty where it has none
     */
    record Event(String id, String name, JsonNode data) {}

    /**
     * Follows a stream of events until it ends.
     *
     * @param lastEventId of the last event that was seen; empty: none was
     * @return what came instead of a stream; with status 200 where a stream has ended; empty when the app cannot be reached
     */
    Optional<Reply> follow(String path, String lastEventId, Consumer<Event> each) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(base + path));
        if (!lastEventId.isEmpty()) {
            request.header("Last-Event-ID", lastEventId);
        }
        // A time-out of the request's own could be meant for all of the answer, which is not to end.
        CompletableFuture<HttpResponse<Stream<String>>> sent =
                http.sendAsync(request.build(), HttpResponse.BodyHandlers.ofLines());
        try {
            HttpResponse<Stream<String>> response = sent.get(20, TimeUnit.SECONDS);
            try (Stream<String> lines = response.body()) {
                if (response.statusCode() != 200) {
                    return Optional.of(new Reply(response.statusCode(), JSON.readTree(lines.collect(joining("\n")))));
                }
                events(lines.iterator(), each);
            }
        } catch (IOException | UncheckedIOException | ExecutionException | TimeoutException e) {
            sent.cancel(true);
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
        return Optional.of(new Reply(200, JSON.nullNode()));
    }

    private static void events(Iterator<String> lines, Consumer<Event> each) throws IOException {
        String id = "";
        String name = "";
        String data = "";
        while (lines.hasNext()) {
            String line = lines.next();
            if (line.startsWith("id: ")) {
                id = line.substring("id: ".length());
            } else if (line.startsWith("event: ")) {
                name = line.substring("event: ".length());
            } else if (line.startsWith("data: ")) {
                data = line.substring("data: ".length());
            } else if (line.isEmpty() && !name.isEmpty()) {
                each.accept(new Event(id, name, JSON.readTree(data)));
                id = "";
                name = "";
                data = "";
            }
        }
    }

    /** As {@link #get}, but ends the command where there is no answer with status 200. */
    JsonNode require(String path) {
        Reply reply = get(path).orElseThrow(this::unreachable);
        if (reply.status() != 200) {
            throw refused(reply);
        }
        return reply.body();
    }

    /** What ends a command that got another answer than the one with status 200. */
    static Exit refused(Reply reply) {
        String detail = reply.body().path("title").asText() + ": "
                + reply.body().path("detail").asText();
        return new Exit(reply.status() == 503 ? Exit.UNREACHABLE : Exit.USAGE, detail);
    }

    /** What ends a command that got no answer. */
    Exit unreachable() {
        return new Exit(Exit.UNREACHABLE, "cannot reach streams-app at " + base);
    }
}
