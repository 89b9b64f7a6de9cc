package dev.tally.sink.stripe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.sink.reporting.Answer;
import dev.tally.sink.reporting.MinuteSum;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.junit.jupiter.api.Test;

final class StripeJavaSumsTest {
    private static final String JSON = "application/json";
    private static final Instant AT = Instant.parse("2026-11-21T10:05:00Z");
    private static final String FIRST_PAGE =
            "{\"object\":\"list\",\"has_more\":true,\"data\":[{\"id\":\"mtr_1\",\"event_name\":\"tally_credits\"}]}";
    private static final String LAST_PAGE =
            "{\"object\":\"list\",\"has_more\":false,\"data\":[{\"id\":\"mtr_2\",\"event_name\":\"tally_actions\"}]}";
    private static final String SUM =
            "{\"object\":\"list\",\"has_more\":false,\"data\":[{\"id\":\"sum\",\"aggregated_value\":123456789012345}]}";
    private static final String NO_ROW = "{\"object\":\"list\",\"has_more\":false,\"data\":[]}";

    @Test
    void shouldAskForTheMinuteOfTheMeterWithTheEventName() throws Exception {
        try (ScriptedServer server = answering(FIRST_PAGE, LAST_PAGE, SUM, NO_ROW)) {
            StripeJavaSums sums = sums(server);

            // When
            MinuteSum some = sums.inMinuteOf(AT.plusSeconds(59), "cus_1", "tally_actions");
            MinuteSum none = sums.inMinuteOf(AT, "cus_2", "tally_actions");

            // Then
            assertThat(some).isEqualTo(new MinuteSum.Of(new BigDecimal("123456789012345")));
            assertThat(none).isEqualTo(new MinuteSum.Of(BigDecimal.ZERO));
            assertThat(server.requests()).hasSize(4);
            assertThat(server.requests().get(1))
                    .startsWith("GET /v1/billing/meters?")
                    .contains("starting_after=mtr_1");
            assertThat(server.requests().get(2))
                    .startsWith("GET /v1/billing/meters/mtr_2/event_summaries?")
                    .contains("customer=cus_1")
                    .contains("start_time=" + AT.getEpochSecond())
                    .contains("end_time=" + AT.plusSeconds(60).getEpochSecond());
        }
    }

    @Test
    void shouldSayWhyNothingIsTold() throws Exception {
        assertThat(told(200, LAST_PAGE, "no_such_event"))
                .isInstanceOfSatisfying(
                        Answer.Permanent.class,
                        refused -> assertThat(refused.reason()).isEqualTo("no_meter"));
        assertThat(told(
                        401,
                        "{\"error\":{\"type\":\"invalid_request_error\",\"message\":\"Invalid API Key\"}}",
                        "tally_actions"))
                .isInstanceOf(Answer.AccountHalt.class);
        assertThat(told(503, "", "tally_actions")).isInstanceOf(Answer.Unknown.class);
        assertThat(told(200, "[]", "tally_actions")).isInstanceOf(Answer.Unknown.class);
        assertThat(told(
                        429,
                        "{\"error\":{\"type\":\"invalid_request_error\",\"message\":\"slow down\"}}",
                        "tally_actions"))
                .isInstanceOf(Answer.Transient.class);
    }

    private static Answer told(int status, String body, String eventName) throws Exception {
        try (ScriptedServer server = ScriptedServer.answering(status, JSON, body)) {
            MinuteSum told = sums(server).inMinuteOf(AT, "cus_1", eventName);
            assertThat(told).isInstanceOf(MinuteSum.Untold.class);
            return ((MinuteSum.Untold) told).answer();
        }
    }

    private static StripeJavaSums sums(ScriptedServer server) {
        return new StripeJavaSums(
                new StripeConnection("sk_test_1", server.url(), Duration.ofSeconds(5)).open(), InstantSource.fixed(AT));
    }

    private static ScriptedServer answering(String... bodies) throws Exception {
        return ScriptedServer.start((socket, number) -> {
            ScriptedServer.write(socket, ScriptedServer.response(200, JSON, bodies[number - 1]));
            return true;
        });
    }
}
