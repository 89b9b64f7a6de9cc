package dev.tally.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Optional;

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

    /** As {@link #get}, but ends the command where there is no answer with status 200. */
    JsonNode require(String path) {
        Reply reply = get(path).orElseThrow(() -> new Exit(Exit.UNREACHABLE, "cannot reach streams-app at " + base));
        if (reply.status() != 200) {
            String detail = reply.body().path("title").asText() + ": "
                    + reply.body().path("detail").asText();
            throw new Exit(reply.status() == 503 ? Exit.UNREACHABLE : Exit.USAGE, detail);
        }
        return reply.body();
    }
}
