package dev.tally.sink.stripe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.sink.reporting.Answer;
import dev.tally.sink.reporting.IdempotencyKey;
import dev.tally.sink.reporting.MeterEvent;
import dev.tally.sink.reporting.TransientCause;
import dev.tally.sink.stripe.ScriptedServer.Script;
import java.net.Socket;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Stripe's meter event stream, as the real stripe-java speaks to it; every case counts the requests. */
final class StripeJavaMeterStreamTest {
    private static final String JSON = "application/json";
    private static final String SESSION = "POST /v2/billing/meter_event_session";
    private static final String STREAM = "POST /v2/billing/meter_event_stream";
    private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");

    @Test
    void shouldSendSeveralEventsInOneCallWithTheTokenOfASession() throws Exception {
        try (ScriptedServer server = ScriptedServer.start(taking())) {
            // When
            List<Answer> answers = create(server, 30);

            // Then
            assertThat(answers).hasSize(30).containsOnly(new Answer.Streamed());
            List<String> calls = server.requests();
            assertThat(calls.getFirst()).startsWith(SESSION).contains("Authorization: Bearer sk_test_1");
            List<String> batches = calls.subList(1, calls.size());
            assertThat(batches)
                    .hasSizeLessThan(30)
                    .allSatisfy(call -> assertThat(call).startsWith(STREAM).contains("Authorization: Bearer tok_1"));
            String all = String.join("\n", batches);
            assertThat(all)
                    .contains("\"identifier\":\"id-29\"", "\"value\":\"25\"", "\"stripe_customer_id\":\"cus_1\"")
                    .contains("\"timestamp\":\"2026-11-21T02:00:00Z\"");
            assertThat(all.split("\"identifier\"", -1)).hasSize(31);
        }
    }

    @Test
    void shouldOpenANewSessionWhenTheOldOneHasExpired() throws Exception {
        String expired =
                error("billing_meter_event_session_expired", "The session has expired", "temporary_session_expired");
        try (ScriptedServer server = ScriptedServer.start((socket, number) -> {
            switch (number) {
                case 1, 3 -> answer(socket, 200, session("tok_" + number));
                case 2 -> answer(socket, 401, expired);
                default -> answer(socket, 200, "{}");
            }
            return true;
        })) {
            assertThat(create(server, 1)).containsExactly(new Answer.Streamed());
            assertThat(server.requests()).hasSize(4);
            assertThat(server.requests().getLast()).contains("Bearer tok_3");
        }
    }

    @Test
    void shouldFindOutWhichEventOfACallIsRefused() throws Exception {
        String refused = error("invalid_request", "bad value", "invalid_request_error");
        try (ScriptedServer server = ScriptedServer.answering(request -> request.startsWith(SESSION)
                ? ScriptedServer.response(200, JSON, session("tok_1"))
                : request.contains("id-3\"")
                        ? ScriptedServer.response(400, JSON, refused)
                        : ScriptedServer.response(200, JSON, "{}"))) {
            List<Answer> answers = create(server, 6);

            assertThat(answers.get(3)).isInstanceOf(Answer.Permanent.class);
            answers.remove(3);
            assertThat(answers).containsOnly(new Answer.Streamed());
        }
    }

    @Test
    void shouldKnowThatNothingWasSentWithoutASession() throws Exception {
        try (ScriptedServer server = ScriptedServer.start((socket, number) -> {
            answer(socket, 503, "");
            return true;
        })) {
            assertThat(create(server, 1))
                    .singleElement()
                    .isInstanceOfSatisfying(
                            Answer.Transient.class,
                            answer -> assertThat(answer.cause()).isEqualTo(TransientCause.NOT_SENT));
            assertThat(server.requests()).hasSize(1);
        }
    }

    @Test
    void shouldNotKnowWhatBecameOfEventsWithoutAnAnswer() throws Exception {
        try (ScriptedServer server = ScriptedServer.start((socket, number) -> {
            if (number == 1) {
                answer(socket, 200, session("tok_1"));
                return true;
            }
            return false;
        })) {
            assertThat(create(server, 1)).singleElement().isInstanceOf(Answer.Unknown.class);
        }
    }

    private static Script taking() {
        return (socket, number) -> {
            answer(socket, 200, number == 1 ? session("tok_1") : "{}");
            return true;
        };
    }

    private static String session(String token) {
        return ("{\"id\":\"s\",\"object\":\"v2.billing.meter_event_session\",\"livemode\":false,"
                        + "\"authentication_token\":\"%s\",\"created\":\"%s\",\"expires_at\":\"%s\"}")
                .formatted(token, NOW, NOW.plus(Duration.ofMinutes(15)));
    }

    private static String error(String code, String message, String type) {
        return "{\"error\":{\"code\":\"%s\",\"message\":\"%s\",\"type\":\"%s\"}}".formatted(code, message, type);
    }

    private static void answer(Socket socket, int status, String body) throws java.io.IOException {
        ScriptedServer.write(socket, ScriptedServer.response(status, JSON, body));
    }

    /** What became of so many events, each from a thread of its own, in their order. */
    private static List<Answer> create(ScriptedServer server, int events) throws Exception {
        try (StripeJavaMeterStream stream = new StripeJavaMeterStream(
                        new StripeConnection("sk_test_1", server.url(), Duration.ofSeconds(5)).open(),
                        InstantSource.fixed(NOW));
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Reply>> replies = IntStream.range(0, events)
                    .mapToObj(i -> threads.submit(() -> stream.create(
                            new MeterEvent(
                                    "id-" + i, "tally_actions", "cus_1", 25, Instant.parse("2026-11-21T02:00:00Z")),
                            new IdempotencyKey("id-" + i, 0))))
                    .toList();
            List<Answer> answers = new ArrayList<>();
            for (Future<Reply> reply : replies) {
                answers.add(reply.get().answer());
            }
            return answers;
        }
    }
}
