package dev.tally.cli.standin;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Faults armed for the next API calls; each is used up by the calls it hits, the oldest first. Thread-safe. */
final class Faults {

    /** Whether the call has taken effect when the fault hits. */
    enum When {
        BEFORE,
        AFTER
    }

    /** What the client gets instead of the answer. */
    enum Kind {
        /** A 500 that is saved under the idempotency key. */
        ERROR("500"),
        /** A 500 that is not saved. */
        ERROR_UNSAVED("500-unsaved"),
        /** The connection ends without an answer. */
        RESET("reset"),
        /** A 503 without a body. */
        EMPTY("empty"),
        /** A 502 with a proxy's HTML page. */
        HTML("html"),
        /** Nothing for {@code seconds}, then the connection ends. */
        HANG("hang"),
        /** A 429, with {@code Retry-After} if {@code seconds} is positive. */
        RATE_LIMIT("429");

        private final String text;

        Kind(String text) {
            this.text = text;
        }
    }

    /** One armed fault, for calls whose path starts with {@code path}. */
    record Fault(When when, Kind kind, String path, long seconds) {}

    private static final class Armed {
        private final Fault fault;
        private int left;

        Armed(Fault fault, int left) {
            this.fault = fault;
            this.left = left;
        }
    }

    private final Deque<Armed> armed = new ArrayDeque<>();
    private CountDownLatch release = new CountDownLatch(1);

    /**
     * Arms a fault: {@code {"when":"after","kind":"reset","count":2,"path":"/v1/billing/meter_events","seconds":5}}; all but
     * {@code kind} optional.
     *
     * @throws IllegalArgumentException if it is not understood
     */
    synchronized void arm(JsonNode request) {
        if (!request.isObject()) {
            throw new IllegalArgumentException("a JSON object is needed");
        }
        request.fieldNames().forEachRemaining(name -> {
            switch (name) {
                case "when", "kind", "count", "path", "seconds" -> {}
                default -> throw new IllegalArgumentException("unknown field " + name);
            }
        });
        Kind kind = kind(request.path("kind").asText(""));
        When when = switch (request.path("when").asText("before")) {
            case "before" -> When.BEFORE;
            case "after" -> When.AFTER;
            default -> throw new IllegalArgumentException("when must be before or after");
        };
        int count = request.path("count").asInt(1);
        if (count < 1) {
            throw new IllegalArgumentException("count must be a positive number");
        }
        if (kind == Kind.RATE_LIMIT && when == When.AFTER) {
            throw new IllegalArgumentException("a 429 always comes before the call takes effect");
        }
        long seconds = request.path("seconds").asLong(kind == Kind.HANG ? 60 : 0);
        armed.add(new Armed(
                new Fault(when, kind, request.path("path").asText("/v1/billing/meter_events"), seconds), count));
    }

    private static Kind kind(String text) {
        for (Kind kind : Kind.values()) {
            if (kind.text.equals(text)) {
                return kind;
            }
        }
        throw new IllegalArgumentException("kind must be one of 500, 500-unsaved, reset, empty, html, hang, 429");
    }

    /** The fault that hits this call, if any. */
    synchronized @Nullable Fault take(String path) {
        Armed hit = armed.stream()
                .filter(candidate -> path.startsWith(candidate.fault.path()))
                .findFirst()
                .orElse(null);
        if (hit == null) {
            return null;
        }
        hit.left--;
        if (hit.left == 0) {
            armed.remove(hit);
        }
        return hit.fault;
    }

    /** Disarms all faults and ends the calls that hang. */
    synchronized void clear() {
        armed.clear();
        release.countDown();
        release = new CountDownLatch(1);
    }

    private synchronized CountDownLatch release() {
        return release;
    }

    /** What is still armed. */
    synchronized ObjectNode describe() {
        ObjectNode body = Json.object();
        var list = body.putArray("armed");
        for (Armed entry : armed) {
            list.addObject()
                    .put("when", entry.fault.when().name().toLowerCase(Locale.ROOT))
                    .put("kind", entry.fault.kind().text)
                    .put("path", entry.fault.path())
                    .put("seconds", entry.fault.seconds())
                    .put("count", entry.left);
        }
        return body;
    }

    /** The answer a fault gives; a hanging one blocks the calling thread first. */
    Answer answer(Fault fault) {
        return switch (fault.kind()) {
            case ERROR, ERROR_UNSAVED ->
                Refusal.of(500, "api_error", null, "An armed fault of the stand-in")
                        .answer();
            case RESET -> Answer.CUT;
            case EMPTY -> Answer.empty(503);
            case HTML -> Answer.html(502, "<html><body><h1>502 Bad Gateway</h1></body></html>");
            case HANG -> hang(fault.seconds());
            case RATE_LIMIT -> rateLimit(fault.seconds());
        };
    }

    private Answer hang(long seconds) {
        try {
            if (release().await(seconds, TimeUnit.SECONDS)) {
                return Answer.CUT;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return Answer.CUT;
    }

    private static Answer rateLimit(long seconds) {
        Answer answer = Refusal.of(
                        429, "invalid_request_error", "rate_limit", "Request rate limit exceeded (an armed fault).")
                .answer()
                .with("Stripe-Rate-Limited-Reason", "endpoint-rate");
        return seconds > 0 ? answer.with("Retry-After", Long.toString(seconds)) : answer;
    }
}
