package dev.tally.streams.http;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/** Answers requests that Jetty refuses before any route sees them (too long, not HTTP) as problems too. */
final class RefusedRequests extends ErrorHandler {

    private final Map<String, String> headers;

    /** @param headers what every answer has */
    RefusedRequests(Map<String, String> headers) {
        this.headers = headers;
    }

    @Override
    protected void generateResponse(
            Request request,
            Response response,
            int code,
            @Nullable String message,
            @Nullable Throwable cause,
            Callback callback) {
        Problem problem = code == HttpStatus.INTERNAL_SERVER_ERROR_500
                ? Problem.internal()
                : Problem.refused(code, HttpStatus.getMessage(code));
        headers.forEach((name, value) -> response.getHeaders().put(name, value));
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, Problem.MEDIA_TYPE);
        response.write(true, ByteBuffer.wrap(Reply.text(problem).getBytes(StandardCharsets.UTF_8)), callback);
    }

    @Override
    public boolean errorPageForMethod(String method) {
        return !List.of("HEAD", "CONNECT").contains(method);
    }
}
