package dev.tally.cli.oracle;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;

/** The stand-in of one scenario, as the scenario sees it: what goes wrong there, and what it has counted. */
record StripeEnd(HttpClient http, String url) {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final int POLL_MILLIS = 10;

    /** Arms a fault, in the stand-in's own words. */
    void arm(String fault) {
        call("POST", "/stand-in/faults", fault);
    }

    /** All is well again. */
    void heal() {
        call("DELETE", "/stand-in/faults", "");
    }

    /** The calls of an instance that was killed may still be under way. */
    void awaitNoCall() {
        for (int quiet = 0; quiet < 2; quiet++) {
            Awaitility.await()
                    .pollDelay(Duration.ZERO)
                    .pollInterval(Duration.ofMillis(POLL_MILLIS))
                    .until(() -> get("/stand-in/calls").path("running").asInt() == 0);
        }
    }

    /** Every event it has taken, counted or not. */
    List<Verdict.Event> events() {
        List<Verdict.Event> events = new ArrayList<>();
        get("/stand-in/events").path("events").forEach(event -> events.add(Verdict.Event.of(event)));
        return events;
    }

    private JsonNode get(String path) {
        try {
            return JSON.readTree(call("GET", path, ""));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private String call(String method, String path, String body) {
        try {
            HttpResponse<String> answer = http.send(
                    HttpRequest.newBuilder(URI.create(url + path))
                            .timeout(Duration.ofSeconds(10))
                            .method(method, HttpRequest.BodyPublishers.ofString(body))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            if (answer.statusCode() != 200) {
                throw new IllegalStateException(path + ": " + answer.body());
            }
            return answer.body();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(interrupted);
        }
    }
}
