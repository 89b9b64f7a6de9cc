package dev.tally.sink.stripe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.sink.reporting.AccountReading;
import dev.tally.sink.reporting.AccountReading.StripeTime;
import dev.tally.sink.reporting.Answer;
import dev.tally.sink.reporting.StripeMeter;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class StripeJavaAccountTest {
    private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");
    private static final String JSON = "application/json";
    private static final String FIRST_PAGE = """
            {"object":"list","has_more":true,"data":[{"object":"billing.meter","id":"mtr_1","event_name":"a","livemode":true,
             "status":"active","default_aggregation":{"formula":"sum"},"event_time_window":null,
             "customer_mapping":{"type":"by_id","event_payload_key":"stripe_customer_id"},
             "value_settings":{"event_payload_key":"value"}}]}""";
    private static final String LAST_PAGE = """
            {"object":"list","has_more":false,"data":[{"object":"billing.meter","id":"mtr_2","event_name":"b",
             "status":"inactive","default_aggregation":{"formula":"count"},"event_time_window":"day"}]}""";

    @Test
    void shouldReadAllPages() throws Exception {
        try (ScriptedServer server = ScriptedServer.start((socket, number) -> {
            ScriptedServer.write(
                    socket,
                    ScriptedServer.response(
                            200, JSON, number == 1 ? FIRST_PAGE : LAST_PAGE, "Date: Sat, 21 Nov 2026 11:59:58 GMT"));
            return true;
        })) {
            // When
            AccountReading reading = account(server).read();

            // Then
            assertThat(reading).isInstanceOfSatisfying(AccountReading.Told.class, told -> {
                assertThat(told.meters())
                        .containsExactly(
                                new StripeMeter(
                                        "mtr_1", "a", true, true, "sum", null, "by_id", "stripe_customer_id", "value"),
                                new StripeMeter("mtr_2", "b", false, false, "count", "day", "", "", ""));
                assertThat(told.time()).isEqualTo(Optional.of(new StripeTime(NOW.minusSeconds(2), NOW, NOW)));
            });
            assertThat(server.requests()).hasSize(2);
            assertThat(server.requests().get(1)).contains("starting_after=mtr_1");
        }
    }

    @Test
    void shouldSayWhyNothingIsTold() throws Exception {
        assertThat(untold(401, "{\"error\":{\"type\":\"invalid_request_error\",\"message\":\"Invalid API Key\"}}"))
                .isInstanceOf(Answer.AccountHalt.class);
        assertThat(untold(403, "{\"error\":{\"type\":\"invalid_request_error\",\"message\":\"no permission\"}}"))
                .isInstanceOf(Answer.AccountHalt.class);
        assertThat(untold(503, "")).isInstanceOf(Answer.Unknown.class);
        assertThat(untold(200, "[]")).isInstanceOf(Answer.Unknown.class);
    }

    private static Answer untold(int status, String body) throws Exception {
        try (ScriptedServer server = ScriptedServer.answering(status, JSON, body)) {
            AccountReading reading = account(server).read();
            assertThat(reading).isInstanceOf(AccountReading.Untold.class);
            return ((AccountReading.Untold) reading).answer();
        }
    }

    private static StripeAccount account(ScriptedServer server) {
        return new StripeJavaAccount(
                new StripeConnection("sk_test_1", server.url(), Duration.ofSeconds(5)).open(),
                InstantSource.fixed(NOW));
    }
}
