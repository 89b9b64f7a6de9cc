package dev.tally.sink.stripe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.sink.reporting.Answer;
import dev.tally.sink.reporting.IdempotencyKey;
import dev.tally.sink.reporting.TransientCause;
import dev.tally.sink.seats.rules.ItemAnswer;
import dev.tally.sink.seats.rules.SeatItem;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Stripe's answers about subscription items, as the real stripe-java sees them. */
final class StripeJavaSubscriptionItemsTest {
    private static final String JSON = "application/json";
    private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");
    private static final Instant START = Instant.parse("2026-11-01T00:00:00Z");
    private static final Instant END = Instant.parse("2026-12-01T00:00:00Z");

    private static String item(String more) {
        return "{\"id\":\"si_1\",\"object\":\"subscription_item\",\"subscription\":\"sub_1\",\"current_period_start\":"
                + START.getEpochSecond() + ",\"current_period_end\":" + END.getEpochSecond() + more + "}";
    }

    @Test
    void shouldUpdateInStripesForm() throws Exception {
        try (ScriptedServer server =
                ScriptedServer.answering(200, JSON, item(",\"quantity\":7"), "Request-Id: req_9")) {
            // When
            ItemReply reply = items(server)
                    .update("si_1", 7, Instant.parse("2026-11-16T00:00:00Z"), new IdempotencyKey("seat:si_1:2", 3));

            // Then
            assertThat(reply)
                    .isEqualTo(new ItemReply(
                            new ItemAnswer.Of(new SeatItem("si_1", "sub_1", 7L, false, START, END)), "req_9"));
            String request = server.requests().getFirst();
            assertThat(request)
                    .startsWith("POST /v1/subscription_items/si_1 HTTP/1.1")
                    .contains("Idempotency-Key: seat:si_1:2#3");
            assertThat(request.substring(request.indexOf("\r\n\r\n") + 4).split("&"))
                    .containsExactlyInAnyOrder(
                            "quantity=7", "proration_behavior=create_prorations", "proration_date=1794787200");
        }
    }

    @Test
    void shouldReadWhatAnItemIs() throws Exception {
        assertThat(read(200, item(",\"price\":{\"recurring\":{\"usage_type\":\"metered\"}}")))
                .isEqualTo(new ItemAnswer.Of(new SeatItem("si_1", "sub_1", null, true, START, END)));
        assertThat(read(200, item(",\"quantity\":0,\"price\":{\"recurring\":{\"usage_type\":\"licensed\"}}")))
                .isEqualTo(new ItemAnswer.Of(new SeatItem("si_1", "sub_1", 0L, false, START, END)));
    }

    @Test
    void shouldSayWhyThereIsNoItem() throws Exception {
        assertThat(failure(404, error("invalid_request_error", "resource_missing", "No such subscription_item")))
                .isInstanceOfSatisfying(
                        Answer.Permanent.class,
                        refused -> assertThat(refused.reason()).isEqualTo("resource_missing"));
        assertThat(failure(400, error("invalid_request_error", "", "You cannot set the quantity for metered plans")))
                .isInstanceOfSatisfying(
                        Answer.Permanent.class,
                        refused -> assertThat(refused.detail()).contains("metered plans"));
        assertThat(failure(200, item(",\"deleted\":true")))
                .isInstanceOfSatisfying(
                        Answer.Permanent.class,
                        deleted -> assertThat(deleted.reason()).isEqualTo("item_deleted"));
        assertThat(failure(403, error("invalid_request_error", "", "no permission")))
                .isInstanceOf(Answer.AccountHalt.class);
        assertThat(failure(400, error("idempotency_error", "", "Keys for idempotent requests")))
                .isInstanceOfSatisfying(
                        Answer.AccountHalt.class,
                        used -> assertThat(used.reason()).isEqualTo("idempotency_error"));
        assertThat(failure(500, error("api_error", "", "sorry")))
                .isInstanceOfSatisfying(
                        Answer.Transient.class,
                        failed -> assertThat(failed.cause()).isEqualTo(TransientCause.SERVER_ERROR));
    }

    @Test
    void shouldNotTakeForAnItemWhatIsNone() throws Exception {
        assertThat(failure(200, "{\"object\":\"list\",\"data\":[]}")).isInstanceOf(Answer.Unknown.class);
        assertThat(failure(200, item("").replace("si_1", "si_2"))).isInstanceOf(Answer.Unknown.class);
        assertThat(failure(200, "{\"id\":\"si_1\",\"quantity\":7}")).isInstanceOf(Answer.Unknown.class);
        assertThat(failure(200, "[]")).isInstanceOf(Answer.Unknown.class);
        assertThat(failure(503, "")).isInstanceOf(Answer.Unknown.class);
    }

    @Test
    void shouldHonourRetryAfter() throws Exception {
        try (ScriptedServer server = ScriptedServer.answering(
                429, JSON, error("invalid_request_error", "rate_limit", "slow down"), "Retry-After: 7")) {
            assertThat(items(server).read("si_1").answer())
                    .isInstanceOfSatisfying(
                            ItemAnswer.Failed.class,
                            failed -> assertThat(failed.answer())
                                    .isInstanceOfSatisfying(
                                            Answer.Transient.class,
                                            limited -> assertThat(limited.retryAfter())
                                                    .isEqualTo(Optional.of(Duration.ofSeconds(7)))));
        }
    }

    private static Answer failure(int status, String body) throws Exception {
        ItemAnswer answer = read(status, body);
        assertThat(answer).isInstanceOf(ItemAnswer.Failed.class);
        return ((ItemAnswer.Failed) answer).answer();
    }

    private static ItemAnswer read(int status, String body) throws Exception {
        try (ScriptedServer server = ScriptedServer.answering(status, JSON, body)) {
            return items(server).read("si_1").answer();
        }
    }

    private static String error(String type, String code, String message) {
        return "{\"error\":{\"type\":\"" + type + "\"" + (code.isEmpty() ? "" : ",\"code\":\"" + code + "\"")
                + ",\"message\":\"" + message + "\"}}";
    }

    private static StripeJavaSubscriptionItems items(ScriptedServer server) {
        return new StripeJavaSubscriptionItems(
                new StripeConnection("sk_test_1", server.url(), Duration.ofSeconds(5)).open(),
                InstantSource.fixed(NOW));
    }
}
