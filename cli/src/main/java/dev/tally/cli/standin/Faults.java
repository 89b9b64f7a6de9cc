package dev.tally.cli.standin;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Faults armed for the next API calls; each is used up by the calls it hits, the oldest first. An outage hits every call until its time
 * is over by the stand-in's clock. Thread-safe.
 */
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
        /** A 200 whose body is no JSON. */
        GARBAGE("garbage"),
        /** The answer, but the connection ends in the middle of its body. */
        EOF("eof"),
        /** The answer, its body spread over {@code seconds}. */
        SLOW("slow-body"),
        /** Nothing for {@code seconds}, then the connection ends. */
        HANG("hang"),
        /** A 429, with {@code Retry-After} if {@code seconds} is positive. */
        RATE_LIMIT("429"),
        /** A 401, as for a key that was revoked. */
        UNAUTHORIZED("401"),
        /** One and the same answer to all calls, for {@code seconds} of the stand-in's clock. */
        OUTAGE("outage");

        private final String text;

        Kind(String text) {
            this.text = text;
        }

        /** Whether Stripe's limiters and its authentication give this answer, before anything is executed. */
        boolean comesFirst() {
            return this == RATE_LIMIT || this == UNAUTHORIZED || this == OUTAGE;
        }
    }

    /** What an outage answers. */
    enum During {
        /** A 503 without a body. */
        UNAVAILABLE("503"),
        /** The connection ends without an answer. */
        CUT("cut"),
        /** A 429: a storm of them. */
        RATE_LIMIT("429"),
        /** A 401: the key is revoked for so long. */
        UNAUTHORIZED("401");

        private final String text;

        During(String text) {
            this.text = text;
        }
    }

    /** One armed fault, for calls whose path starts with {@code path}. */
    record Fault(When when, Kind kind, String path, Duration time, During during) {}

    private static final class Armed {
        private final Fault fault;
        private final @Nullable Instant until;
        private int left;

        Armed(Fault fault, int left, @Nullable Instant until) {
            this.fault = fault;
            this.left = left;
            this.until = until;
        }

        boolean isOver(Instant now) {
            return until != null && !now.isBefore(until);
        }
    }

    private static final Duration LONGEST_HANG = Duration.ofSeconds(60);
    private static final long MILLIS_PER_SECOND = 1_000;

    private final InstantSource clock;
    private final Deque<Armed> armed = new ArrayDeque<>();
    private CountDownLatch release = new CountDownLatch(1);

    Faults(InstantSource clock) {
        this.clock = clock;
    }

    /**
     * Arms a fault: {@code {"when":"after","kind":"reset","count":2,"path":"/v1/billing/meter_events","seconds":5}}; all but
     * {@code kind} optional. An outage has {@code seconds} and {@code answer} instead of a count, and hits every path.
     *
     * @throws IllegalArgumentException if it is not understood
     */
    synchronized void arm(JsonNode request) {
        if (!request.isObject()) {
            throw new IllegalArgumentException("a JSON object is needed");
        }
        request.fieldNames().forEachRemaining(name -> {
            switch (name) {
                case "when", "kind", "count", "path", "seconds", "answer" -> {}
                default -> throw new IllegalArgumentException("unknown field " + name);
            }
        });
        Kind kind = kind(request.path("kind").asText(""));
        When when = switch (request.path("when").asText("before")) {
            case "before" -> When.BEFORE;
            case "after" -> When.AFTER;
            default -> throw new IllegalArgumentException("when must be before or after");
        };
        if (kind.comesFirst() && when == When.AFTER) {
            throw new IllegalArgumentException("a " + kind.text + " always comes before the call takes effect");
        }
        boolean outage = kind == Kind.OUTAGE;
        if (outage ? request.has("count") : request.has("answer")) {
            throw new IllegalArgumentException("an outage has answer and no count, other faults the reverse");
        }
        int count = request.path("count").asInt(1);
        if (count < 1) {
            throw new IllegalArgumentException("count must be a positive number");
        }
        Duration time = time(request.path("seconds"), kind == Kind.HANG ? LONGEST_HANG : Duration.ZERO);
        if (outage && time.isZero()) {
            throw new IllegalArgumentException("an outage needs seconds");
        }
        Fault fault = new Fault(
                when,
                kind,
                request.path("path").asText(outage ? "/" : "/v1/billing/meter_events"),
                time,
                during(request.path("answer").asText(During.UNAVAILABLE.text)));
        armed.add(new Armed(fault, count, outage ? clock.instant().plus(time) : null));
    }

    private static Duration time(JsonNode seconds, Duration otherwise) {
        if (seconds.isMissingNode()) {
            return otherwise;
        }
        if (!seconds.isNumber() || seconds.asDouble() < 0) {
            throw new IllegalArgumentException("seconds must be a number from 0");
        }
        return Duration.ofMillis(Math.round(seconds.asDouble() * MILLIS_PER_SECOND));
    }

    private static Kind kind(String text) {
        return Stream.of(Kind.values())
                .filter(kind -> kind.text.equals(text))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("kind must be one of "
                        + Stream.of(Kind.values()).map(kind -> kind.text).collect(Collectors.joining(", "))));
    }

    private static During during(String text) {
        return Stream.of(During.values())
                .filter(during -> during.text.equals(text))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("answer must be one of "
                        + Stream.of(During.values()).map(during -> during.text).collect(Collectors.joining(", "))));
    }

    /** The fault that hits this call, if any. */
    synchronized @Nullable Fault take(String path) {
        Instant now = clock.instant();
        armed.removeIf(candidate -> candidate.isOver(now));
        Armed hit = armed.stream()
                .filter(candidate -> path.startsWith(candidate.fault.path()))
                .findFirst()
                .orElse(null);
        if (hit == null) {
            return null;
        }
        if (hit.until == null) {
            hit.left--;
            if (hit.left == 0) {
                armed.remove(hit);
            }
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
        Instant now = clock.instant();
        ObjectNode body = Json.object();
        var list = body.putArray("armed");
        for (Armed entry : armed) {
            if (entry.isOver(now)) {
                continue;
            }
            ObjectNode node = list.addObject()
                    .put("when", entry.fault.when().name().toLowerCase(Locale.ROOT))
                    .put("kind", entry.fault.kind().text)
                    .put("path", entry.fault.path())
                    .put("seconds", entry.fault.time().toMillis() / (double) MILLIS_PER_SECOND);
            if (entry.until == null) {
                node.put("count", entry.left);
            } else {
                node.put("until", entry.until.toString()).put("answer", entry.fault.during().text);
            }
        }
        return body;
    }

    /**
     * The answer a fault gives; a hanging one blocks the calling thread first.
     *
     * @param real the answer without the fault, asked for only where the fault spoils that one
     */
    Answer answer(Fault fault, Supplier<Answer> real) {
        return switch (fault.kind()) {
            case ERROR, ERROR_UNSAVED -> error();
            case RESET -> Answer.CUT;
            case EMPTY -> Answer.empty(503);
            case HTML -> Answer.html(502, "<html><body><h1>502 Bad Gateway</h1></body></html>");
            case GARBAGE -> Answer.html(200, "\0\1{]");
            case EOF -> real.get().sent(new Sending.Half());
            case SLOW -> real.get().sent(new Sending.Slowly(fault.time()));
            case HANG -> hang(fault.time());
            case RATE_LIMIT -> rateLimit(fault.time());
            case UNAUTHORIZED -> unauthorized();
            case OUTAGE ->
                switch (fault.during()) {
                    case UNAVAILABLE -> Answer.empty(503);
                    case CUT -> Answer.CUT;
                    case RATE_LIMIT -> rateLimit(Duration.ZERO);
                    case UNAUTHORIZED -> unauthorized();
                };
        };
    }

    /** A 500 in Stripe's form. */
    static Answer error() {
        return Refusal.of(500, "api_error", null, "An armed fault of the stand-in")
                .answer();
    }

    private Answer hang(Duration time) {
        var unused = pause(time);
        return Answer.CUT;
    }

    /** Waits on the machine's clock; returns true, and early, when the faults are cleared or the stand-in ends. */
    boolean pause(Duration time) {
        try {
            return release().await(time.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return true;
        }
    }

    private static Answer rateLimit(Duration wait) {
        Answer answer = Refusal.of(
                        429, "invalid_request_error", "rate_limit", "Request rate limit exceeded (an armed fault).")
                .answer()
                .with("Stripe-Rate-Limited-Reason", "endpoint-rate");
        return wait.isZero() ? answer : answer.with("Retry-After", Long.toString(Math.max(1, wait.toSeconds())));
    }

    private static Answer unauthorized() {
        return Refusal.of(401, "invalid_request_error", null, "Invalid API Key provided (an armed fault).")
                .answer();
    }
}
