package dev.tally.sink.stripe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.sink.reporting.Answer;
import dev.tally.sink.reporting.IdempotencyKey;
import dev.tally.sink.reporting.MeterEvent;
import dev.tally.sink.reporting.TransientCause;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each row of the table of Stripe's answers, as the real stripe-java sees it; every case counts the requests. */
final class StripeJavaMeterEventsTest {
    private static final String JSON = "application/json";
    private static final String DUPLICATE = """
            {"error": {"message": "An event already exists with identifier id-1.", "type": "invalid_request_error",
             "request_log_url": "https://dashboard.stripe.com/test/logs/req_1"}}""";
    private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");
    private static final MeterEvent EVENT =
            new MeterEvent("id-1", "tally_actions", "cus_1", 25, Instant.parse("2026-11-21T02:00:00Z"));
    private static final IdempotencyKey KEY = new IdempotencyKey("id-1", 0);

    @Test
    void shouldSendTheEventInStripesForm() throws Exception {
        try (ScriptedServer server = ScriptedServer.answering(200, JSON, created("id-1"), "Request-Id: req_9")) {
            // When
            Reply reply = client(server, Duration.ofSeconds(5)).create(EVENT, new IdempotencyKey("id-1", 3));

            // Then
            assertThat(reply).isEqualTo(new Reply(new Answer.Accepted(), "req_9"));
            assertThat(server.requests()).hasSize(1);
            String request = server.requests().getFirst();
            assertThat(request)
                    .startsWith("POST /v1/billing/meter_events HTTP/1.1")
                    .contains("Idempotency-Key: id-1#3")
                    .contains("Authorization: Bearer sk_test_1")
                    .contains("Stripe-Version: 2026-07-29.dahlia")
                    .contains("User-Agent: Stripe/v1 JavaBindings/33.3.0")
                    .doesNotContainIgnoringCase("telemetry");
            assertThat(request.substring(request.indexOf("\r\n\r\n") + 4).split("&"))
                    .containsExactlyInAnyOrder(
                            "identifier=id-1",
                            "event_name=tally_actions",
                            "timestamp=1795226400",
                            "payload[stripe_customer_id]=cus_1",
                            "payload[value]=25");
        }
    }

    @Test
    void shouldTakeADuplicateIdentifierAsSuccess() throws Exception {
        assertThat(answerTo(400, JSON, DUPLICATE, "Stripe-Should-Retry: false")).isEqualTo(new Answer.AlreadyExists());
        assertThat(answerTo(400, JSON, error("invalid_request_error", "duplicate_meter_event", "already there")))
                .isEqualTo(new Answer.AlreadyExists());
    }

    @Test
    void shouldNotGiveUpAFactForItsMeter() throws Exception {
        String refusal =
                "{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"resource_missing\",\"param\":\"event_name\","
                        + "\"message\":\"No meter found\"}}";
        assertThat(cause(answerTo(400, JSON, refusal))).isEqualTo(TransientCause.METER_UNAVAILABLE);
    }

    @Test
    void shouldRefuseForGoodWhatStripeRefuses() throws Exception {
        assertThat(answerTo(400, JSON, error("invalid_request_error", "meter_event_invalid_value", "bad value")))
                .isInstanceOfSatisfying(Answer.Permanent.class, refused -> {
                    assertThat(refused.reason()).isEqualTo("meter_event_invalid_value");
                    assertThat(refused.detail()).contains("bad value");
                });
        assertThat(answerTo(404, JSON, error("invalid_request_error", "resource_missing", "No such customer")))
                .isInstanceOfSatisfying(
                        Answer.Permanent.class,
                        refused -> assertThat(refused.reason()).isEqualTo("resource_missing"));
        assertThat(answerTo(400, JSON, "{\"error\":{\"type\":\"invalid_request_error\",\"message\":\"too old\"}}"))
                .isInstanceOfSatisfying(
                        Answer.Permanent.class,
                        refused -> assertThat(refused.reason()).isEqualTo("refused_by_stripe"));
    }

    @Test
    void shouldNotGiveUpAFactForARefusalThatIsNotStripes() throws Exception {
        assertThat(cause(answerTo(404, "text/html", "<html>not found</html>"))).isEqualTo(TransientCause.NOT_STRIPE);
        assertThat(cause(answerTo(400, JSON, ""))).isEqualTo(TransientCause.NOT_STRIPE);
        assertThat(cause(answerTo(400, JSON, "{\"error\":\"invalid_request\"}")))
                .isEqualTo(TransientCause.NOT_STRIPE);
        assertThat(cause(answerTo(302, "text/html", "moved", "Location: /login")))
                .isEqualTo(TransientCause.NOT_STRIPE);
        assertThat(cause(answerTo(413, "text/html", "too large"))).isEqualTo(TransientCause.NOT_STRIPE);
    }

    @Test
    void shouldWaitForAMissingMeter() throws Exception {
        assertThat(cause(answerTo(400, JSON, error("invalid_request_error", "archived_meter", "archived"))))
                .isEqualTo(TransientCause.METER_UNAVAILABLE);
    }

    @Test
    void shouldHaltOnWhatConcernsTheAccount() throws Exception {
        assertThat(halt(answerTo(401, JSON, error("invalid_request_error", "", "Invalid API Key"))))
                .isEqualTo("unauthorized");
        assertThat(halt(answerTo(403, JSON, error("invalid_request_error", "", "no permission"))))
                .isEqualTo("forbidden");
        assertThat(halt(answerTo(403, "text/html", "<html>blocked</html>"))).isEqualTo("forbidden");
        assertThat(halt(answerTo(400, JSON, error("idempotency_error", "", "Keys for idempotent requests"))))
                .isEqualTo("idempotency_error");
    }

    @Test
    void shouldKeepTheKeyWhileItIsInUse() throws Exception {
        assertThat(cause(answerTo(409, JSON, error("idempotency_error", "idempotency_key_in_use", "in use"))))
                .isEqualTo(TransientCause.KEY_IN_USE);
    }

    @Test
    void shouldHonourRetryAfter() throws Exception {
        String limited = error("invalid_request_error", "rate_limit", "Too many requests");
        assertThat(answerTo(429, JSON, limited, "Retry-After: 7", "Stripe-Should-Retry: true"))
                .isInstanceOfSatisfying(Answer.Transient.class, answer -> {
                    assertThat(answer.cause()).isEqualTo(TransientCause.RATE_LIMITED);
                    assertThat(answer.retryAfter()).contains(Duration.ofSeconds(7));
                });
        assertThat(retryAfter(answerTo(429, JSON, limited, "Retry-After: Sat, 21 Nov 2026 12:00:30 GMT")))
                .contains(Duration.ofSeconds(30));
        assertThat(retryAfter(answerTo(429, "text/html", "slow down", "Retry-After: 3")))
                .contains(Duration.ofSeconds(3));
        assertThat(retryAfter(answerTo(429, JSON, limited, "Retry-After: soon")))
                .isEmpty();
        assertThat(retryAfter(answerTo(429, JSON, limited))).isEmpty();
    }

    @Test
    void shouldTryAgainAfterServerErrors() throws Exception {
        assertThat(cause(answerTo(500, JSON, error("api_error", "", "sorry"), "Stripe-Should-Retry: true")))
                .isEqualTo(TransientCause.SERVER_ERROR);
        assertThat(cause(answerTo(502, "text/html", "<html>Bad gateway</html>")))
                .isEqualTo(TransientCause.SERVER_ERROR);
        assertThat(retryAfter(answerTo(503, JSON, error("api_error", "", "down"), "Retry-After: 4")))
                .contains(Duration.ofSeconds(4));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "null",
                "[]",
                "\"text\"",
                "<html>fine</html>",
                "{\"error\":null}",
                "{}",
                "{\"object\":1}",
                "{"
            })
    void shouldNotBelieveASuccessThatIsNone(String body) throws Exception {
        assertThat(unknown(answerTo(200, JSON, body))).isEqualTo("unreadable_answer");
    }

    @Test
    void shouldNotBelieveASuccessForAnotherIdentifier() throws Exception {
        assertThat(unknown(answerTo(200, JSON, created("id-2")))).isEqualTo("unreadable_answer");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "null",
                "[]",
                "\"text\"",
                "{}",
                "{\"error\":null}",
                "{\"error\":[]}",
                "{\"error\":\"oauth\"}",
                "{"
            })
    void shouldTryAgainAfterServerErrorsWithoutForm(String body) throws Exception {
        assertThat(cause(answerTo(500, JSON, body))).isEqualTo(TransientCause.SERVER_ERROR);
    }

    @Test
    void shouldTakeAnEmptyServerErrorAsUnknown() throws Exception {
        assertThat(unknown(answerTo(500, JSON, ""))).isEqualTo("empty_answer");
        assertThat(unknown(answerTo(503, "text/plain", ""))).isEqualTo("empty_answer");
    }

    @Test
    void shouldTakeRandomBytesAsUnknown() throws Exception {
        assertThat(unknown(answerOf((socket, number) -> {
                    ScriptedServer.write(socket, new byte[] {7, 0, -1, 13, 10, 66, 13, 10, 13, 10});
                    return false;
                })))
                .isEqualTo("no_answer");
    }

    @Test
    void shouldTakeAClosedConnectionAsUnknown() throws Exception {
        assertThat(unknown(answerOf((socket, number) -> false))).isEqualTo("no_answer");
    }

    @Test
    void shouldTakeAResetConnectionAsUnknown() throws Exception {
        assertThat(unknown(answerOf((socket, number) -> {
                    socket.setSoLinger(true, 0);
                    return false;
                })))
                .isEqualTo("no_answer");
    }

    @Test
    void shouldTakeABodyThatBreaksOffAsUnknown() throws Exception {
        assertThat(unknown(answerOf((socket, number) -> {
                    byte[] whole = ScriptedServer.response(200, JSON, created("id-1"));
                    ScriptedServer.write(socket, java.util.Arrays.copyOf(whole, whole.length - 5));
                    return false;
                })))
                .isEqualTo("no_answer");
    }

    @Test
    void shouldNotSendAgainWhenAKeptConnectionBreaks() throws Exception {
        try (ScriptedServer server = ScriptedServer.start((socket, number) -> {
            if (number == 1) {
                ScriptedServer.write(socket, ScriptedServer.response(200, JSON, created("id-1")));
            }
            return number == 1;
        })) {
            StripeMeterEvents client = client(server, Duration.ofSeconds(5));

            // When
            Answer first = client.create(EVENT, KEY).answer();
            Answer second = client.create(EVENT, KEY).answer();

            // Then
            assertThat(first).isEqualTo(new Answer.Accepted());
            assertThat(unknown(second)).isEqualTo("no_answer");
            assertThat(server.requests()).hasSize(2);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldEndACallAtItsDeadline(boolean headersArrive) throws Exception {
        CountDownLatch over = new CountDownLatch(1);
        try (ScriptedServer server = ScriptedServer.start((socket, number) -> {
            if (headersArrive) {
                String head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
                ScriptedServer.write(socket, head.getBytes(StandardCharsets.UTF_8));
            }
            over.await();
            return false;
        })) {
            long startedAt = System.nanoTime();

            // When
            Answer answer =
                    client(server, Duration.ofMillis(400)).create(EVENT, KEY).answer();

            // Then
            assertThat(unknown(answer)).isEqualTo("no_answer");
            assertThat(Duration.ofNanos(System.nanoTime() - startedAt))
                    .isBetween(Duration.ofMillis(390), Duration.ofSeconds(4));
            assertThat(server.requests()).hasSize(1);
            over.countDown();
        }
    }

    @Test
    void shouldKnowThatARefusedConnectionSentNothing() throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        StripeMeterEvents client = open("http://127.0.0.1:" + port, Duration.ofSeconds(2));
        assertThat(cause(client.create(EVENT, KEY).answer())).isEqualTo(TransientCause.NOT_SENT);
    }

    private static Answer answerTo(int status, String contentType, String body, String... headers) throws Exception {
        try (ScriptedServer server = ScriptedServer.answering(status, contentType, body, headers)) {
            return onlyAnswer(server);
        }
    }

    private static Answer answerOf(ScriptedServer.Script script) throws Exception {
        try (ScriptedServer server = ScriptedServer.start(script)) {
            return onlyAnswer(server);
        }
    }

    private static Answer onlyAnswer(ScriptedServer server) throws InterruptedException {
        Answer answer = client(server, Duration.ofSeconds(5)).create(EVENT, KEY).answer();
        assertThat(server.requests()).as("requests that reached the server").hasSize(1);
        return answer;
    }

    private static StripeMeterEvents client(ScriptedServer server, Duration timeout) {
        return open(server.url(), timeout);
    }

    private static StripeMeterEvents open(String url, Duration timeout) {
        return new StripeJavaMeterEvents(
                new StripeConnection("sk_test_1", url, timeout).open(), InstantSource.fixed(NOW));
    }

    private static TransientCause cause(Answer answer) {
        assertThat(answer).isInstanceOf(Answer.Transient.class);
        return ((Answer.Transient) answer).cause();
    }

    private static Optional<Duration> retryAfter(Answer answer) {
        assertThat(answer).isInstanceOf(Answer.Transient.class);
        return ((Answer.Transient) answer).retryAfter();
    }

    private static String halt(Answer answer) {
        assertThat(answer).isInstanceOf(Answer.AccountHalt.class);
        return ((Answer.AccountHalt) answer).reason();
    }

    private static String unknown(Answer answer) {
        assertThat(answer).isInstanceOf(Answer.Unknown.class);
        return ((Answer.Unknown) answer).reason();
    }

    private static String created(String identifier) {
        return "{\"object\":\"billing.meter_event\",\"created\":1795226401,\"event_name\":\"tally_actions\",\"identifier\":\""
                + identifier + "\",\"livemode\":false,\"payload\":{\"value\":\"25\"},\"timestamp\":1795226400}";
    }

    private static String error(String type, String code, String message) {
        return "{\"error\":{\"type\":\"" + type + "\",\"code\":\"" + code + "\",\"message\":\"" + message + "\"}}";
    }
}
