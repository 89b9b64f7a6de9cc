package dev.tally.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;

/**
 * Callers who ask at once whether actions may run, each at one instance only. Whoever gets no answer asks again with the same actionId,
 * until there is one; half of them give a call up after a few seconds.
 */
final class Callers implements AutoCloseable {

    static final int COUNT = 64;

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration GIVES_UP = Duration.ofSeconds(6);
    private static final Duration WAITS = Duration.ofMinutes(1);
    private static final Duration ASK_AGAIN_AFTER = Duration.ofMillis(500);
    private static final Duration ANSWERED_WITHIN = Duration.ofMinutes(2);

    /**
     * A question.
     *
     * @param meter of which the amount would be used
     */
    record Ask(String org, String actionId, String userId, String meter, long amount) {

        String body() {
            return """
                    {"actionId":"%s","userId":"%s","orgId":"%s","actionType":"x","amounts":{"%s":%d},"holdFor":"1h"}""".formatted(actionId, userId, org, meter, amount);
        }
    }

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final List<String> instances;
    private final List<Ask> asks;
    private final int gateAt;
    private final CountDownLatch gate = new CountDownLatch(1);
    private final AtomicInteger atGate = new AtomicInteger();
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicInteger retries = new AtomicInteger();
    private final AtomicInteger asking = new AtomicInteger();
    private final Map<String, String> answers = new ConcurrentHashMap<>();
    private final List<Future<?>> calling = new ArrayList<>();

    /**
     * Callers who have not begun.
     *
     * @param instances where they ask, in turn
     * @param asks which they take in this order
     * @param gateAt the first question that nobody asks before {@link #openGate}
     */
    Callers(List<String> instances, List<Ask> asks, int gateAt) {
        this.instances = List.copyOf(instances);
        this.asks = List.copyOf(asks);
        this.gateAt = gateAt;
    }

    void start() {
        for (int caller = 0; caller < COUNT; caller++) {
            String instance = instances.get(caller % instances.size());
            Duration within = caller % 4 < 2 ? GIVES_UP : WAITS;
            calling.add(threads.submit(() -> {
                for (int i = next.getAndIncrement(); i < asks.size(); i = next.getAndIncrement()) {
                    if (i >= gateAt) {
                        atGate.incrementAndGet();
                        gate.await();
                    }
                    Ask ask = asks.get(i);
                    answers.put(ask.actionId(), answer(ask, post(instance, ask).timeout(within)));
                }
                return null;
            }));
        }
    }

    void openGate() {
        gate.countDown();
    }

    /** How many wait before the gate. */
    int atGate() {
        return atGate.get();
    }

    int answered() {
        return answers.size();
    }

    /** How often somebody had to ask again. */
    int retries() {
        return retries.get();
    }

    /** Waits until all questions are answered; the decisions by action. */
    Map<String, String> join() {
        try {
            for (Future<?> one : calling) {
                one.get(ANSWERED_WITHIN.toSeconds(), TimeUnit.SECONDS);
            }
            return Map.copyOf(answers);
        } catch (ExecutionException | java.util.concurrent.TimeoutException e) {
            throw new AssertionError("answered " + answers.size() + " of " + asks.size(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    /**
     * Looks up and asks again about every so many of the actions that are answered by now, at each instance, beginning with the last; what
     * was said, by action.
     */
    Map<String, List<String>> askAgain(int every) {
        Map<String, List<String>> again = new ConcurrentHashMap<>();
        List<Callable<Object>> tasks = new ArrayList<>();
        for (int i = 0; i < asks.size(); i += every) {
            Ask ask = asks.get(i);
            if (answers.containsKey(ask.actionId())) {
                tasks.add(() -> {
                    List<String> said = new ArrayList<>();
                    for (String instance : instances.reversed()) {
                        said.add(answer(ask, get(instance, ask).timeout(WAITS)));
                        said.add(answer(ask, post(instance, ask).timeout(WAITS)));
                    }
                    return again.put(ask.actionId(), said);
                });
            }
        }
        try {
            for (Future<Object> one : threads.invokeAll(tasks)) {
                one.get();
            }
        } catch (ExecutionException e) {
            throw new AssertionError(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
        return again;
    }

    /** The same, while others go on. */
    Future<Map<String, List<String>>> beginToAskAgain(int every) {
        return threads.submit(() -> askAgain(every));
    }

    /** How many questions nobody has answered yet. */
    int asking() {
        return asking.get();
    }

    private static HttpRequest.Builder post(String instance, Ask ask) {
        return HttpRequest.newBuilder(URI.create(instance + "/v1/admissions"))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(ask.body()));
    }

    private static HttpRequest.Builder get(String instance, Ask ask) {
        return HttpRequest.newBuilder(
                URI.create(instance + "/v1/admissions/" + ask.actionId() + "?payer=org:" + ask.org()));
    }

    /** Asks until somebody answers. */
    private String answer(Ask ask, HttpRequest.Builder question) {
        HttpRequest request = question.build();
        return Awaitility.await()
                .pollInSameThread()
                .pollDelay(Duration.ZERO)
                .pollInterval(ASK_AGAIN_AFTER)
                .atMost(ANSWERED_WITHIN)
                .until(() -> answered(ask, request), Optional::isPresent)
                .orElseThrow();
    }

    private Optional<String> answered(Ask ask, HttpRequest request) throws InterruptedException {
        asking.incrementAndGet();
        try {
            HttpResponse<String> response = http.send(request, BodyHandlers.ofString());
            if (response.statusCode() == 503) {
                assertThat(response.headers().firstValue("Retry-After")).isPresent();
                retries.incrementAndGet();
                return Optional.empty();
            }
            assertThat(response.statusCode())
                    .as(() -> request.method() + " " + ask + ": " + response.body())
                    .isEqualTo(200);
            JsonNode answer = JSON.readTree(response.body());
            assertThat(answer.path("payer").asText()).as(response.body()).isEqualTo("org:" + ask.org());
            assertThat(answer.path("actionId").asText()).as(response.body()).isEqualTo(ask.actionId());
            return Optional.of(answer.path("decision").asText());
        } catch (IOException noAnswer) {
            retries.incrementAndGet();
            return Optional.empty();
        } finally {
            asking.decrementAndGet();
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
        http.shutdownNow();
    }
}
