package dev.tally.sink.stripe;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.stripe.exception.ApiConnectionException;
import com.stripe.exception.ApiException;
import com.stripe.exception.StripeException;
import com.stripe.net.HttpContent;
import com.stripe.net.HttpHeaders;
import com.stripe.net.StripeRequest;
import com.stripe.net.StripeResponse;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * stripe-java's transport over java.net.http: one request per call, one deadline for the whole call, no hidden repeat.
 *
 * <p>stripe-java's own transport repeats a POST silently when the connection breaks, has no total deadline, and its
 * response reader throws NullPointerException on empty or odd bodies (seen with 33.3.0). Here, an error without Stripe's
 * form becomes one in Stripe's form, of type {@link #EMPTY_BODY} or {@link #NOT_STRIPE}, and a success that is no JSON
 * object becomes an {@link ApiException} with its status. The headers are kept.
 */
final class SingleShotHttpClient extends com.stripe.net.HttpClient {
    /** Error type written where an error had no body. */
    static final String EMPTY_BODY = "tally_empty_body";

    /** Error type written where an error's body was not Stripe's. */
    static final String NOT_STRIPE = "tally_not_stripe";

    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private static final Duration LONGEST_CONNECT = Duration.ofSeconds(10);

    private final HttpClient client;
    private final Duration deadline;
    private final ExecutorService calls = Executors.newVirtualThreadPerTaskExecutor();

    SingleShotHttpClient(Duration deadline) {
        this.deadline = deadline;
        this.client = HttpClient.newBuilder()
                .connectTimeout(deadline.compareTo(LONGEST_CONNECT) < 0 ? deadline : LONGEST_CONNECT)
                .followRedirects(HttpClient.Redirect.NEVER)
                .version(HttpClient.Version.HTTP_1_1)
                .build();
    }

    @Override
    public StripeResponse request(StripeRequest request) throws StripeException {
        HttpResponse<byte[]> response = exchange(httpRequest(request));
        HttpHeaders headers = HttpHeaders.of(response.headers().map());
        String body = new String(response.body(), StandardCharsets.UTF_8);
        return new StripeResponse(response.statusCode(), headers, checkedBody(response.statusCode(), headers, body));
    }

    private static HttpRequest httpRequest(StripeRequest request) throws ApiConnectionException {
        HttpContent content = request.content();
        HttpRequest.Builder builder = HttpRequest.newBuilder()
                .uri(URI.create(request.url().toString()))
                .method(
                        request.method().name(),
                        content == null
                                ? HttpRequest.BodyPublishers.noBody()
                                : HttpRequest.BodyPublishers.ofByteArray(content.byteArrayContent()));
        for (Map.Entry<String, List<String>> header : request.headers().map().entrySet()) {
            builder.setHeader(header.getKey(), String.join(",", header.getValue()));
        }
        builder.setHeader("User-Agent", buildUserAgentString(request));
        builder.setHeader("X-Stripe-Client-User-Agent", buildXStripeClientUserAgentString());
        if (content != null) {
            builder.setHeader("Content-Type", content.contentType());
        }
        return builder.build();
    }

    /**
     * Waits for the whole answer: the timeout of java.net.http itself ends with the headers, a slow body has none. Its
     * asynchronous form is not used because it finishes in the common pool, which anybody may block.
     */
    private HttpResponse<byte[]> exchange(HttpRequest request) throws ApiConnectionException {
        Future<HttpResponse<byte[]>> pending =
                calls.submit(() -> client.send(request, HttpResponse.BodyHandlers.ofByteArray()));
        try {
            return pending.get(deadline.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException timeout) {
            pending.cancel(true);
            throw noAnswer(new HttpTimeoutException("no complete answer within " + deadline));
        } catch (ExecutionException failure) {
            throw noAnswer(failure.getCause() == null ? failure : failure.getCause());
        } catch (InterruptedException interrupted) {
            pending.cancel(true);
            Thread.currentThread().interrupt();
            throw noAnswer(interrupted);
        }
    }

    private static ApiConnectionException noAnswer(Throwable cause) {
        return new ApiConnectionException(
                cause.getClass().getSimpleName() + ": " + cause.getMessage(),
                cause instanceof IOException ? cause : new IOException(cause));
    }

    private static String checkedBody(int status, HttpHeaders headers, String body) throws ApiException {
        boolean success = status >= 200 && status < 300;
        if (success ? isObject(body) : isStripeError(body)) {
            return body;
        }
        String type = body.isBlank() ? EMPTY_BODY : NOT_STRIPE;
        String message =
                "HTTP " + status + (body.isBlank() ? " with an empty body" : " with a body that is not Stripe's");
        if (success) {
            throw new ApiException(message, headers.firstValue("Request-Id").orElse(null), type, status, null);
        }
        ObjectNode answer = JsonNodeFactory.instance.objectNode();
        answer.putObject("error").put("type", type).put("message", message);
        return answer.toString();
    }

    private static boolean isStripeError(String body) {
        return parse(body).path("error").isObject();
    }

    private static boolean isObject(String body) {
        return parse(body).isObject();
    }

    private static JsonNode parse(String body) {
        try {
            return JSON.readTree(body);
        } catch (JsonProcessingException notJson) {
            return JsonNodeFactory.instance.missingNode();
        }
    }
}
