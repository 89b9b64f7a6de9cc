package dev.tally.streams.http;

import io.javalin.http.Context;
import io.javalin.http.Handler;
import io.javalin.http.HandlerType;
import java.util.Set;

/**
 * Lets web pages of the listed origins call from a browser (the CORS protocol of the Fetch standard). Only what is listed is ever repeated, and no
 * cookies or client certificates go along: a page shows a token of its own.
 */
final class Cors implements Handler {

    private final Set<String> origins;

    Cors(Set<String> origins) {
        this.origins = origins;
    }

    @Override
    public void handle(Context context) {
        if (origins.isEmpty()) {
            return;
        }
        context.header("Vary", "Origin");
        String origin = context.header("Origin");
        if (origin == null || !origins.contains(origin)) {
            return;
        }
        context.header("Access-Control-Allow-Origin", origin);
        context.header(
                "Access-Control-Expose-Headers",
                "Retry-After, WWW-Authenticate, Content-Disposition, " + ExportRoute.UNTIL + ", " + ExportRoute.BEHIND);
        // A browser asks first, without a token. What is asked of is not told: it is answered the same on any path.
        if (context.method().equals(HandlerType.OPTIONS) && context.header("Access-Control-Request-Method") != null) {
            context.header("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE");
            context.header("Access-Control-Allow-Headers", "Authorization, Content-Type, Last-Event-ID");
            context.header("Access-Control-Max-Age", "600");
            context.status(204);
            context.skipRemainingHandlers();
        }
    }
}
