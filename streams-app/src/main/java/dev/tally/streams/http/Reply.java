package dev.tally.streams.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.javalin.http.Context;
import java.time.Duration;
import java.util.Map;

/** Writes answers and problems. */
final class Reply {

    /** On every answer: it is data of the moment, never to be guessed at, kept, framed or run, and nobody is told where it was asked for. */
    static final Map<String, String> HEADERS = Map.of(
            "X-Content-Type-Options",
            "nosniff",
            "Cache-Control",
            "no-store",
            "Referrer-Policy",
            "no-referrer",
            "Content-Security-Policy",
            "default-src 'none'; frame-ancestors 'none'");

    /** With TLS: browsers come by TLS only from then on, for a year (RFC 6797). */
    static final Map<String, String> TLS_HEADERS = Map.of("Strict-Transport-Security", "max-age=31536000");

    static final String JSON = "application/json";

    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

    private Reply() {}

    static void json(Context context, Object shape) {
        context.contentType(JSON).result(text(shape));
    }

    /** What a copy of the state told, and how far behind that was. */
    static void fromStandby(Context context, Object shape, long lag) {
        ObjectNode json = MAPPER.valueToTree(shape);
        json(context, json.put("lag", lag));
    }

    static void problem(Context context, Problem problem) {
        if (problem.status() == 503) {
            retryAfter(context, RETRY_AFTER);
        }
        context.status(problem.status()).contentType(Problem.MEDIA_TYPE).result(text(problem));
    }

    static void notReady(Context context, String reason, Duration retryAfter) {
        later(context, Problem.notReady(reason), retryAfter);
    }

    /** A problem that passes by itself. */
    static void later(Context context, Problem problem, Duration retryAfter) {
        problem(context, problem);
        retryAfter(context, retryAfter);
    }

    /** The header has whole seconds; a part of one is rounded up, so that nobody comes back too early. */
    private static void retryAfter(Context context, Duration after) {
        context.header(
                "Retry-After",
                Long.toString(Math.max(1, after.plusNanos(999_999_999).toSeconds())));
    }

    static String text(Object shape) {
        try {
            return MAPPER.writeValueAsString(shape);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("an answer cannot be written as JSON", e);
        }
    }
}
