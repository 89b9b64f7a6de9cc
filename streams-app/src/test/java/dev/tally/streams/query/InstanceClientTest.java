package dev.tally.streams.query;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.tally.keys.Subject;
import dev.tally.streams.query.Instances.Reply;
import dev.tally.streams.query.Owners.Owner;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Against a server that does what other instances should not. */
class InstanceClientTest {

    private static final Question.OfBilling QUESTION = new Question.OfBilling(Subject.org("o1"), null);
    private static final Question.OfBilling IN_BACKGROUND = new Question.OfBilling(Subject.org("background"), null);
    private static final String ONE_ABSENT =
            "{\"kind\":\"ABSENT\",\"value\":null,\"stale\":false,\"lag\":0,\"oldest\":null,\"text\":\"it\",\"retryAfterMillis\":0}";
    private static final String ABSENT = "[" + ONE_ABSENT + "]";

    private final CountDownLatch end = new CountDownLatch(1);
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final InstanceClient client = new InstanceClient(() -> Map.of("X-Instance", "me"));
    private final InstanceClient patient = new InstanceClient(Map::of, Duration.ofSeconds(20));
    private HttpServer server;

    private interface Behaviour {
        void answer(HttpExchange exchange) throws IOException, InterruptedException;
    }

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 4 * InstanceClient.AT_ONCE);
        server.setExecutor(threads);
        server.start();
    }

    @AfterEach
    void stop() {
        end.countDown();
        client.close();
        patient.close();
        server.stop(0);
        threads.shutdownNow();
    }

    @Test
    void shouldAskAndShowWhoAsks() {
        // Given
        AtomicReference<String> seen = new AtomicReference<>("");
        serve(exchange -> {
            seen.set(exchange.getRequestHeaders().getFirst("X-Instance") + " " + body(exchange));
            send(exchange, 200, ABSENT);
        });

        // When / Then
        assertThat(ask(Duration.ofSeconds(10))).isEqualTo(new Reply.Said<>(new Answer.Absent<>("it")));
        assertThat(seen.get())
                .isEqualTo(
                        "me [{\"question\":{\"about\":\"billing\",\"subject\":\"org:o1\",\"in\":null},\"copies\":true}]");
    }

    @Test
    void shouldNotTakeARefusalForAnAnswer() {
        // Given
        serve(exchange -> send(exchange, 401, ABSENT));

        // When / Then
        assertLost("status 401", false, ask(Duration.ofSeconds(10)));
    }

    @Test
    void shouldNotTakeAnythingForAnAnswer() {
        // Given
        serve(exchange -> send(exchange, 200, "<html>"));

        // When / Then
        assertLost("not understood", false, ask(Duration.ofSeconds(10)));
    }

    @Test
    void shouldNotWaitForAnAnswerThatNeverEnds() {
        // Given
        serve(exchange -> {
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().write(' ');
            exchange.getResponseBody().flush();
            end.await();
        });

        // When / Then
        assertLost("in time", false, ask(Duration.ofMillis(200)));
    }

    @Test
    void shouldGiveUpAnAnswerThatIsTooLong() {
        // Given
        serve(exchange -> {
            exchange.sendResponseHeaders(200, 0);
            try (OutputStream body = exchange.getResponseBody()) {
                for (int i = 0; i <= InstanceClient.LONGEST / 65_536; i++) {
                    body.write(new byte[65_536]);
                }
            }
        });

        // When / Then
        assertLost("cannot be reached", false, ask(Duration.ofSeconds(10)));
    }

    @Test
    void shouldSayThatAConnectionBroke() {
        // Given
        serve(HttpExchange::close);

        // When / Then
        assertLost("cannot be reached", true, ask(Duration.ofSeconds(10)));
    }

    @Test
    void shouldSayThatNobodyListens() {
        // Given
        Owner.At gone = at();
        server.stop(0);

        // When / Then
        assertLost("cannot be reached", false, client.ask(gone, QUESTION, true, Duration.ofSeconds(10)));
    }

    @Test
    void shouldNotPileUpQuestions() throws InterruptedException {
        // Given an instance that has as many questions as it may, and answers none
        CountDownLatch waiting = new CountDownLatch(InstanceClient.AT_ONCE);
        serve(exchange -> {
            waiting.countDown();
            end.await();
        });
        for (int i = 0; i < InstanceClient.AT_ONCE; i++) {
            threads.execute(() -> ask(Duration.ofSeconds(30)));
        }
        waiting.await();

        // When / Then
        assertLost("other questions", false, ask(Duration.ofSeconds(30)));
    }

    @Test
    void shouldLoseNoQuestionOfABurst() throws Exception {
        // Given an instance that takes a moment for each
        serve(exchange -> {
            LockSupport.parkNanos(Duration.ofMillis(3).toNanos());
            send(exchange, 200, ABSENT);
        });

        // When many more come at once than are asked at a time
        List<Callable<Reply<BillingPeriod>>> burst = Collections.nCopies(
                4 * InstanceClient.AT_ONCE, () -> patient.ask(at(), QUESTION, true, Duration.ofMinutes(1)));
        List<Future<Reply<BillingPeriod>>> replies = threads.invokeAll(burst);

        // Then
        for (Future<Reply<BillingPeriod>> reply : replies) {
            assertThat(reply.get()).isInstanceOf(Reply.Said.class);
        }
    }

    @Test
    void shouldLeaveCallersTheirTurnsWhateverIsAskedInBackground() throws InterruptedException {
        // Given an instance that answers callers only
        Semaphore arrived = new Semaphore(0);
        serve(exchange -> {
            if (body(exchange).contains("background")) {
                arrived.release();
                end.await();
            }
            send(exchange, 200, ABSENT);
        });
        for (int i = 0; i < QuestionBatches.ON_THEIR_WAY; i++) {
            threads.execute(() -> askInBackground(Duration.ofSeconds(30)));
            arrived.acquire();
        }

        // When / Then
        assertThat(ask(Duration.ofSeconds(30))).isInstanceOf(Reply.Said.class);
        assertLost("in time", false, askInBackground(Duration.ofMillis(100)));
    }

    @Test
    void shouldLetQuestionsInBackgroundShareARequest() throws Exception {
        // Given as many questions at once as may wait
        int questions = InstanceClient.IN_BACKGROUND;
        CountDownLatch allHaveCome = new CountDownLatch(questions);
        AtomicInteger requests = new AtomicInteger();
        serve(exchange -> {
            int some = body(exchange).split("background", -1).length - 1;
            requests.incrementAndGet();
            send(exchange, 200, "[" + String.join(",", Collections.nCopies(some, ONE_ABSENT)) + "]");
        });

        // When
        List<Future<Reply<BillingPeriod>>> replies = new ArrayList<>();
        for (int i = 0; i < questions; i++) {
            replies.add(threads.submit(() -> {
                allHaveCome.countDown();
                allHaveCome.await();
                return patient.inBackground().ask(at(), IN_BACKGROUND, true, Duration.ofMinutes(1));
            }));
        }

        // Then
        for (Future<Reply<BillingPeriod>> reply : replies) {
            assertThat(reply.get()).isEqualTo(new Reply.Said<>(new Answer.Absent<>("it")));
        }
        assertThat(requests.get()).isLessThan(questions / 2);
    }

    @Test
    void shouldGiveEachQuestionInBackgroundItsOwnAnswer() throws Exception {
        // Given an instance that answers each question with the subject that it is about
        serve(exchange -> {
            Matcher asked = Pattern.compile("org:(\\w+)").matcher(body(exchange));
            send(
                    exchange,
                    200,
                    asked.results()
                            .map(one -> ONE_ABSENT.replace("\"it\"", "\"" + one.group(1) + "\""))
                            .collect(Collectors.joining(",", "[", "]")));
        });
        List<Callable<Reply<BillingPeriod>>> asking = new ArrayList<>();
        for (int i = 0; i < InstanceClient.IN_BACKGROUND; i++) {
            Question.OfBilling question = new Question.OfBilling(Subject.org("o" + i), null);
            asking.add(() -> patient.inBackground().ask(at(), question, true, Duration.ofMinutes(1)));
        }

        // When
        List<Future<Reply<BillingPeriod>>> replies = threads.invokeAll(asking);

        // Then
        for (int i = 0; i < replies.size(); i++) {
            assertThat(replies.get(i).get()).isEqualTo(new Reply.Said<>(new Answer.Absent<>("o" + i)));
        }
    }

    @Test
    void shouldNotPileUpQuestionsInBackground() throws InterruptedException {
        // Given an instance that answers nothing, and as many questions as may wait for it
        serve(exchange -> end.await());
        CountDownLatch lost = new CountDownLatch(1);
        for (int i = 0; i <= InstanceClient.IN_BACKGROUND; i++) {
            threads.execute(() -> {
                if (askInBackground(Duration.ofSeconds(30)) instanceof Reply.Lost) {
                    lost.countDown();
                }
            });
        }

        // When
        lost.await();

        // Then
        assertLost("other questions", false, askInBackground(Duration.ofSeconds(30)));
    }

    @Test
    void shouldLoseAllQuestionsOfARequestThatIsNotUnderstood() {
        // Given
        serve(exchange -> send(exchange, 200, "[" + ONE_ABSENT + "," + ONE_ABSENT + "]"));

        // When / Then
        assertLost("not understood", false, askInBackground(Duration.ofSeconds(10)));
    }

    @Test
    void shouldAskAgainInBackgroundAfterAConnectionBroke() {
        // Given
        AtomicInteger requests = new AtomicInteger();
        serve(exchange -> {
            if (requests.incrementAndGet() == 1) {
                exchange.close();
            } else {
                send(exchange, 200, ABSENT);
            }
        });

        // When / Then
        assertLost("cannot be reached", true, askInBackground(Duration.ofSeconds(10)));
        assertThat(askInBackground(Duration.ofSeconds(10))).isInstanceOf(Reply.Said.class);
    }

    @Test
    void shouldNotFallOverAnAddressThatIsNone() {
        assertLost(
                "cannot be reached",
                false,
                client.ask(new Owner.At("tally_1", 8080), QUESTION, true, Duration.ofSeconds(10)));
    }

    @Test
    void shouldTellCallersNoAddresses() {
        // Given
        serve(exchange -> send(exchange, 401, ABSENT));

        // When / Then
        assertThat(ask(Duration.ofSeconds(10)))
                .isInstanceOfSatisfying(
                        Reply.Lost.class, lost -> assertThat(lost.why()).doesNotContain("127.0.0.1"));
    }

    private void serve(Behaviour behaviour) {
        server.createContext(InstanceClient.PATH, exchange -> {
            try {
                behaviour.answer(exchange);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    private static void send(HttpExchange exchange, int status, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, bytes.length);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(bytes);
        }
    }

    private static String body(HttpExchange exchange) throws IOException {
        return new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    }

    private Reply<BillingPeriod> askInBackground(Duration within) {
        return client.inBackground().ask(at(), IN_BACKGROUND, true, within);
    }

    private Reply<BillingPeriod> ask(Duration within) {
        return client.ask(at(), QUESTION, true, within);
    }

    private Owner.At at() {
        return new Owner.At("127.0.0.1", server.getAddress().getPort());
    }

    private static void assertLost(String why, boolean worthRepeating, Reply<BillingPeriod> reply) {
        assertThat(reply).isInstanceOfSatisfying(Reply.Lost.class, lost -> {
            assertThat(lost.why()).contains(why);
            assertThat(lost.worthRepeating()).isEqualTo(worthRepeating);
        });
    }
}
