package dev.tally.streams.query;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.tally.streams.query.Owners.Owner;
import dev.tally.streams.query.QuestionBatches.Sent;
import dev.tally.streams.query.QuestionJson.Asked;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks other instances over HTTP. An instance that is slow has at most {@link #AT_ONCE} questions of callers of this one to answer at a time
 * and {@link #IN_BACKGROUND} that nobody waits for. What comes on top counts as lost, a caller's question when it has waited
 * {@link #TURN_WITHIN} for its turn: so it holds up no more than that.
 */
public final class InstanceClient implements Instances, AutoCloseable {

    /** Where instances ask each other; nobody else is to come here. */
    public static final String PATH = "/internal/v1/questions";

    /** The longest body with questions, in bytes: {@link QuestionBatches#MOST} about subjects with long ids are well below. */
    public static final int MOST_ASKED_BYTES = 1024 * 1024;

    /** Callers' questions to one instance at a time, each a request of its own. */
    static final int AT_ONCE = 64;

    /** Those that nobody waits for, many in a request: some more than those on their way, since they come in bursts. */
    public static final int IN_BACKGROUND = 4 * QuestionBatches.ON_THEIR_WAY * QuestionBatches.MOST;

    /** The longest answer, in bytes: an org's days split into the most rows there can be. */
    static final int LONGEST = 16 * 1024 * 1024;

    /** So long a turn is waited for; long enough for a pause of the other instance, short enough to ask a copy afterwards. */
    private static final Duration TURN_WITHIN = Duration.ofMillis(250);

    private static final Logger log = LoggerFactory.getLogger(InstanceClient.class);
    private static final long WARN_EVERY_NANOS = Duration.ofMinutes(1).toNanos();
    private static final String OTHER = "the instance that keeps this key ";
    private static final String BUSY = OTHER + "has as many other questions to answer as it may";
    private static final String STOPPING = "this instance is stopping";
    private static final Sent.Lost TOO_LATE = new Sent.Lost(OTHER + "did not answer in time", false);
    private static final Duration CONNECT_WITHIN = Duration.ofSeconds(1);

    private final HttpClient http;
    private final String scheme;
    private final Supplier<Map<String, String>> headers;
    private final Duration turnWithin;
    private final Map<Owner.At, Turns> turns = new ConcurrentHashMap<>();
    private final AtomicLong warnedAt = new AtomicLong(System.nanoTime() - WARN_EVERY_NANOS);

    /** @param headers what shows another instance who asks, new for each question */
    public InstanceClient(Supplier<Map<String, String>> headers) {
        this(HttpClient.newBuilder(), "http", headers);
    }

    InstanceClient(Supplier<Map<String, String>> headers, Duration turnWithin) {
        this(HttpClient.newBuilder(), "http", headers, turnWithin);
    }

    /**
     * A client of one's own making.
     *
     * @param client with what it takes to reach other instances, such as trust in their certificates
     * @param scheme {@code http} or {@code https}
     * @param headers what shows another instance who asks, new for each question
     */
    public InstanceClient(HttpClient.Builder client, String scheme, Supplier<Map<String, String>> headers) {
        this(client, scheme, headers, TURN_WITHIN);
    }

    private InstanceClient(
            HttpClient.Builder client, String scheme, Supplier<Map<String, String>> headers, Duration turnWithin) {
        this.http = client.version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(CONNECT_WITHIN)
                .executor(Executors.newVirtualThreadPerTaskExecutor())
                .build();
        this.scheme = scheme;
        this.headers = headers;
        this.turnWithin = turnWithin;
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

    /** The turns at one instance, first come, first served. */
    private final class Turns {
        private final Semaphore ofCallers = new Semaphore(AT_ONCE, true);
        private final Semaphore inBackground = new Semaphore(IN_BACKGROUND);
        private final QuestionBatches batches;

        Turns(Owner.At instance) {
            batches = new QuestionBatches(
                    TOO_LATE, (questions, until) -> send(instance, questions, until), System::nanoTime);
        }
    }

    /** The same way for questions that nobody waits for: they take no turns of callers, and go together. */
    Instances inBackground() {
        return new Instances() {
            @Override
            public <T> Reply<T> ask(Owner.At instance, Question<T> question, boolean copies, Duration within) {
                long until = System.nanoTime() + within.toNanos();
                Turns turns = turnsOf(instance);
                // Those that waited for a turn here would keep what waits for other instances.
                if (!turns.inBackground.tryAcquire()) {
                    return new Reply.Lost<>(BUSY, false);
                }
                try {
                    Asked asked = new Asked(question, copies);
                    return replied(instance, turns.batches.ask(asked, until), question.type());
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    return new Reply.Lost<>(STOPPING, false);
                } finally {
                    turns.inBackground.release();
                }
            }
        };
    }

    @Override
    public <T> Reply<T> ask(Owner.At instance, Question<T> question, boolean copies, Duration within) {
        long until = System.nanoTime() + within.toNanos();
        Semaphore turn = turnsOf(instance).ofCallers;
        try {
            // Part of the time only, so that the answer has some.
            if (!turn.tryAcquire(Math.min(within.toNanos() / 4, turnWithin.toNanos()), TimeUnit.NANOSECONDS)) {
                return new Reply.Lost<>(BUSY, false);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Reply.Lost<>(STOPPING, false);
        }
        try {
            List<Asked> alone = List.of(new Asked(question, copies));
            return replied(instance, send(instance, alone, until).getFirst(), question.type());
        } finally {
            turn.release();
        }
    }

    private Turns turnsOf(Owner.At instance) {
        return turns.computeIfAbsent(instance, Turns::new);
    }

    private <T> Reply<T> replied(Owner.At instance, Sent sent, TypeReference<T> type) {
        return switch (sent) {
            case Sent.Answered(QuestionJson.Said said) -> {
                try {
                    yield new Reply.Said<>(QuestionJson.answer(said, type));
                } catch (IOException notUnderstood) {
                    yield lost(notUnderstood(instance));
                }
            }
            case Sent.Lost lost -> lost(lost);
        };
    }

    @SuppressWarnings("Interruption") // only so does the client give up a request that is under way
    private List<Sent> send(Owner.At instance, List<Asked> questions, long until) {
        int n = questions.size();
        Duration within = Duration.ofNanos(until - System.nanoTime());
        if (!within.isPositive()) {
            return Collections.nCopies(n, TOO_LATE);
        }
        HttpRequest request;
        try {
            request = request(instance, questions, within);
        } catch (IllegalStateException noAddress) {
            warn(instance, String.valueOf(noAddress.getMessage()));
            return Collections.nCopies(n, new Sent.Lost(OTHER + "cannot be reached", false));
        }
        CompletableFuture<HttpResponse<byte[]>> sent = http.sendAsync(request, answer -> new BoundedBody(LONGEST));
        try {
            // The client's own time-out ends where the body begins.
            HttpResponse<byte[]> response = sent.get(within.toNanos(), TimeUnit.NANOSECONDS);
            if (response.statusCode() != 200) {
                warn(instance, "it answers with status " + response.statusCode());
                return Collections.nCopies(
                        n, new Sent.Lost(OTHER + "answers with status " + response.statusCode(), false));
            }
            return QuestionJson.readSaid(response.body(), n).stream()
                    .<Sent>map(Sent.Answered::new)
                    .toList();
        } catch (TimeoutException e) {
            return Collections.nCopies(n, TOO_LATE);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            log.atDebug()
                    .setCause(cause)
                    .addKeyValue("instance", name(instance))
                    .log("An instance cannot be asked");
            boolean wasConnected = cause instanceof IOException
                    && !(cause instanceof ConnectException)
                    && !(cause instanceof HttpTimeoutException)
                    && !(cause instanceof BoundedBody.TooLong);
            return Collections.nCopies(n, new Sent.Lost(OTHER + "cannot be reached", wasConnected));
        } catch (IOException notUnderstood) {
            return Collections.nCopies(n, notUnderstood(instance));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Collections.nCopies(n, new Sent.Lost(STOPPING, false));
        } finally {
            sent.cancel(true);
        }
    }

    private Sent.Lost notUnderstood(Owner.At instance) {
        warn(instance, "it gave an answer that is not understood here");
        return new Sent.Lost(OTHER + "gave an answer that is not understood here", false);
    }

    private static <T> Reply<T> lost(Sent.Lost lost) {
        return new Reply.Lost<>(lost.why(), lost.worthRepeating());
    }

    /** What does not pass by itself, such as another secret there than here; once a minute, as each question meets it. */
    private void warn(Owner.At instance, String why) {
        long now = System.nanoTime();
        long before = warnedAt.get();
        if (now - before >= WARN_EVERY_NANOS && warnedAt.compareAndSet(before, now)) {
            log.atWarn()
                    .addKeyValue("instance", name(instance))
                    .addKeyValue("reason", why)
                    .log("Another instance cannot be asked");
        }
    }

    private HttpRequest request(Owner.At instance, List<Asked> questions, Duration within) {
        return calls().to(instance, PATH)
                .timeout(within)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(QuestionJson.write(questions)))
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
        turns.values().forEach(of -> of.batches.close());
        http.shutdownNow();
    }
}
