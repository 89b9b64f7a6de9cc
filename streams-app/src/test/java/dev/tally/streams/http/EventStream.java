package dev.tally.streams.http;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** A listener to server-sent events. */
public final class EventStream implements AutoCloseable {

    private final HttpClient client = HttpClient.newHttpClient();
    private final HttpResponse<InputStream> response;
    private final BufferedReader lines;

    /**
     * An event as it travelled.
     *
     * @param id empty where it has none
     */
    public record Event(String id, String name, String data) {}

    /** Asks for a path, given as it travels. */
    public EventStream(int port, String rawPathAndQuery, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + rawPathAndQuery));
        if (headers.length > 0) {
            request.headers(headers);
        }
        try {
            response = client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
        lines = new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8));
    }

    /** The head of the answer. */
    public HttpResponse<InputStream> response() {
        return response;
    }

    /** The next event, waiting for it; comments and {@code retry} are passed over. Fails where the stream ends before. */
    public Event next() {
        return nextUntilEnd().orElseThrow(() -> new AssertionError("the stream has ended"));
    }

    /** The next event, waiting for it; empty where the stream ends or is cut off before. */
    public Optional<Event> nextUntilEnd() {
        String id = "";
        String name = "";
        StringBuilder data = new StringBuilder();
        try {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith("id: ")) {
                    id = line.substring(4);
                } else if (line.startsWith("event: ")) {
                    name = line.substring(7);
                } else if (line.startsWith("data: ")) {
                    data.append(line, 6, line.length());
                } else if (line.isEmpty() && !name.isEmpty()) {
                    return Optional.of(new Event(id, name, data.toString()));
                }
            }
        } catch (IOException cutOff) {
            return Optional.empty();
        }
        return Optional.empty();
    }

    /** Whether the stream ends without another event. */
    public boolean ends() {
        try {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith("event: ")) {
                    return false;
                }
            }
            return true;
        } catch (IOException cutOff) {
            return true;
        }
    }

    @Override
    public void close() {
        client.shutdownNow();
        client.close();
    }
}
