package dev.tally.streams.query;

import dev.tally.streams.query.Owners.Owner;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * Asks other instances over HTTP. An instance that is slow has at most {@link #AT_ONCE} questions of this one to answer at a time; what
 * comes on top counts as lost at once, so that it can hold up no more than that.
 */
public final class InstanceClient implements Instances, AutoCloseable {

    /** Where instances ask each other; nobody else is to come here. */
    public static final String PATH = "/internal/v1/questions";

    /** Questions to one instance at a time. */
    static final int AT_ONCE = 64;

    /** The longest answer, in bytes: an org's days split into the most rows there can be. */
    static final int LONGEST = 16 * 1024 * 1024;

    private static final Duration CONNECT_WITHIN = Duration.ofSeconds(1);

    private final HttpClient http;
    private final String scheme;
    private final Supplier<Map<String, String>> headers;
    private final Map<Owner.At, Semaphore> turns = new ConcurrentHashMap<>();

    /** @param headers what shows another instance who asks, new for each question */
    public InstanceClient(Supplier<Map<String, String>> headers) {
        this(HttpClient.newBuilder(), "http", headers);
    }

    /**
     * A client of one's own making.
     *
     * @param client with what it takes to reach other instances, such as trust in their certificates
     * @param scheme {@code http} or {@code https}
     * @param headers what shows another instance who asks, new for each question
     */
    public InstanceClient(HttpClient.Builder client, String scheme, Supplier<Map<String, String>> headers) {
        this.http = client.version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(CONNECT_WITHIN)
                .executor(Executors.newVirtualThreadPerTaskExecutor())
                .build();
        this.scheme = scheme;
        this.headers = headers;
    }

    /**
     * How other instances are called, for what is no question.
     *
     * @param scheme of their addresses, with or without TLS
     * @param headers what shows another instance who calls, new for each call
     */
    public record Calls(HttpClient http, String scheme, Supplier<Map<String, String>> headers) {

        /**
         * A call to a path of an instance.
         *
         * @throws IllegalStateException when its {@code application.server} is no address
         */
        public HttpRequest.Builder to(Owner.At instance, String path) {
            HttpRequest.Builder request = HttpRequest.newBuilder(uri(scheme, instance, path));
            headers.get().forEach(request::setHeader);
            return request;
        }
    }

    /** How other instances are called, until this client is closed. */
    public Calls calls() {
        return new Calls(http, scheme, headers);
    }

    @Override
    public <T> Reply<T> ask(Owner.At instance, Question<T> question, boolean copies, Duration within) {
        Semaphore turn = turns.computeIfAbsent(instance, any -> new Semaphore(AT_ONCE));
        if (!turn.tryAcquire()) {
            return new Reply.Lost<>(AT_ONCE + " other questions wait for " + name(instance), false);
        }
        try {
            return send(instance, question, copies, within);
        } finally {
            turn.release();
        }
    }

    @SuppressWarnings("Interruption") // only so does the client give up a request that is under way
    private <T> Reply<T> send(Owner.At instance, Question<T> question, boolean copies, Duration within) {
        CompletableFuture<HttpResponse<byte[]>> sent =
                http.sendAsync(request(instance, question, copies, within), answer -> new BoundedBody(LONGEST));
        try {
            // The client's own time-out ends where the body begins.
            HttpResponse<byte[]> response = sent.get(within.toNanos(), TimeUnit.NANOSECONDS);
            return response.statusCode() == 200
                    ? new Reply.Said<>(QuestionJson.readAnswer(response.body(), question.type()))
                    : new Reply.Lost<>(name(instance) + " answers with status " + response.statusCode(), false);
        } catch (TimeoutException e) {
            return new Reply.Lost<>(name(instance) + " did not answer in time", false);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            boolean wasConnected = cause instanceof IOException
                    && !(cause instanceof ConnectException)
                    && !(cause instanceof HttpTimeoutException)
                    && !(cause instanceof BoundedBody.TooLong);
            return new Reply.Lost<>(name(instance) + " cannot be reached", wasConnected);
        } catch (IOException notUnderstood) {
            return new Reply.Lost<>(name(instance) + " gave an answer that is not understood here", false);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Reply.Lost<>("this instance is stopping", false);
        } finally {
            sent.cancel(true);
        }
    }

    private HttpRequest request(Owner.At instance, Question<?> question, boolean copies, Duration within) {
        return calls().to(instance, PATH)
                .timeout(within)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(
                        QuestionJson.write(new QuestionJson.Asked(question, copies))))
                .build();
    }

    private static URI uri(String scheme, Owner.At instance, String path) {
        try {
            return new URI(scheme, null, instance.host(), instance.port(), path, null, null);
        } catch (URISyntaxException e) {
            throw new IllegalStateException("application.server of an instance is no address", e);
        }
    }

    private static String name(Owner.At instance) {
        return instance.host() + ":" + instance.port();
    }

    @Override
    public void close() {
        http.shutdownNow();
    }
}
