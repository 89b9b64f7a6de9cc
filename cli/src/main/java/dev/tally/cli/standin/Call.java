package dev.tally.cli.standin;

import com.sun.net.httpserver.Headers;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One HTTP request, read completely before anything is done with it. */
record Call(String method, String path, String query, Headers headers, String body) {

    @Nullable
    String header(String name) {
        return headers.getFirst(name);
    }

    /** Whether it is one of version 2 of Stripe's API: in JSON, and with other forms of errors. */
    boolean isV2() {
        return path.startsWith("/v2/");
    }

    /** The path split at its slashes: {@code /v1/billing/meters} gives {@code [v1, billing, meters]}. */
    List<String> segments() {
        return List.of(path.substring(1).split("/", -1));
    }
}
