package dev.tally.streams.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.LocalDate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An error as RFC 9457 {@code application/problem+json}. Types are public contract.
 *
 * @param type stable name of the kind of error
 * @param title what kind of error it is
 * @param status the HTTP status
 * @param detail what was wrong with this request
 * @param oldest with {@code out-of-retention}: the oldest day that is kept
 * @param problems of a body that is refused: everything that is wrong with it, each as {@code path: message}
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record Problem(
        String type,
        String title,
        int status,
        @Nullable String detail,
        @Nullable String oldest,
        @Nullable List<String> problems) {

    static final String MEDIA_TYPE = "application/problem+json";

    private static final String TYPES = "urn:tally:problem:";

    private Problem(String name, String title, int status, @Nullable String detail) {
        this(TYPES + name, title, status, detail, null, null);
    }

    static Problem badRequest(String detail) {
        return new Problem("bad-request", "The request is malformed", 400, detail);
    }

    /** A body of which nothing was carried out. */
    static Problem badBody(List<String> problems) {
        return new Problem(
                TYPES + "bad-request",
                "The request is malformed",
                400,
                "nothing was done: " + String.join("; ", problems),
                null,
                List.copyOf(problems));
    }

    static Problem forbidden(String detail) {
        return new Problem("forbidden", "This is not allowed here", 403, detail);
    }

    /** No token, or one that is not valid. */
    static Problem unauthenticated(String detail) {
        return new Problem("unauthenticated", "A valid token is asked for", 401, detail);
    }

    static Problem scopeMissing(String scope) {
        return new Problem("scope-missing", "The token does not allow this", 403, "the scope " + scope + " is needed");
    }

    /** The same for every subject that a token does not cover, whether it exists or not. */
    static Problem otherSubject() {
        return new Problem(
                "other-subject",
                "The token does not cover this",
                403,
                "the token is narrowed to a user or an org, and this is not theirs alone");
    }

    static Problem rateLimited() {
        return new Problem("rate-limited", "Too many calls", 429, "more calls than one caller may make");
    }

    static Problem noAdmission(String detail) {
        return new Problem("no-admission", "The payer has no such admission", 404, detail);
    }

    static Problem conflict(String detail) {
        return new Problem("conflict", "It exists with other content", 409, detail);
    }

    static Problem tooLarge(String detail) {
        return new Problem("too-large", "The body is too large", 413, detail);
    }

    static Problem unsupportedMediaType(String detail) {
        return new Problem("unsupported-media-type", "The body is not JSON", 415, detail);
    }

    /** A request that was refused before any route saw it. */
    static Problem refused(int status, String detail) {
        return new Problem("bad-request", "The request is malformed", status, detail);
    }

    static Problem notFound(String detail) {
        return new Problem("not-found", "There is nothing here", 404, detail);
    }

    static Problem unknownMeter(String detail) {
        return new Problem("unknown-meter", "The catalogue has no such meter", 404, detail);
    }

    static Problem noPlan(String detail) {
        return new Problem("no-plan", "The subject has no plan in that period", 404, detail);
    }

    static Problem noSubscription(String detail) {
        return new Problem("no-subscription", "The subject has no subscription", 404, detail);
    }

    static Problem methodNotAllowed(String detail) {
        return new Problem("method-not-allowed", "The method is not allowed here", 405, detail);
    }

    static Problem outOfRetention(LocalDate oldest) {
        return new Problem(
                TYPES + "out-of-retention",
                "The day is no longer kept",
                410,
                "the oldest day that is kept is " + oldest,
                oldest.toString(),
                null);
    }

    static Problem internal() {
        return new Problem("internal", "Something went wrong on this server", 500, null);
    }

    static Problem notReady(String detail) {
        return new Problem("not-ready", "The answer is not available at the moment", 503, detail);
    }

    /** Ends a request with a problem. */
    static final class Signal extends RuntimeException {
        private static final long serialVersionUID = 1L;

        @SuppressWarnings("serial") // never serialized
        private final Problem problem;

        Signal(Problem problem) {
            // A malformed request is no fault of ours: its stack trace would only cost time.
            super(problem.title(), null, false, false);
            this.problem = problem;
        }

        Problem problem() {
            return problem;
        }
    }
}
