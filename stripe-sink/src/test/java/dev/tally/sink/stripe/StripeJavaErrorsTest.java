package dev.tally.sink.stripe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.sink.reporting.Answer;
import dev.tally.sink.reporting.ErrorReading;
import dev.tally.sink.reporting.ErrorReport;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.Test;

final class StripeJavaErrorsTest {
    private static final Instant OLDEST = Instant.parse("2026-10-22T12:00:00Z");
    private static final String JSON = "application/json";

    /** As in Stripe's documentation of the list, shortened. */
    private static final String REPORT = """
            {"id":"evt_1","object":"v2.core.event","context":null,"created":"2026-11-21T12:00:20.134Z","livemode":false,"reason":null,
             "type":"v1.billing.meter.error_report_triggered",
             "related_object":{"id":"mtr_1","type":"billing.meter","url":"/v1/billing/meters/mtr_1"},
             "data":{"developer_message_summary":"There are 7 invalid events","validation_start":"2026-11-21T12:00:00.000Z",
              "validation_end":"2026-11-21T12:00:10.000Z","reason":{"error_count":7,"error_types":[
               {"code":"meter_event_customer_not_found","error_count":6,"sample_errors":[
                 {"error_message":"No such customer","request":{"identifier":"id-1"}},
                 {"error_message":"No such customer","request":{"identifier":"id-2"}}]},
               {"code":"archived_meter","error_count":1,"sample_errors":[{"error_message":"m","request":{}}]}]}}}""";

    private static final String THIN = """
            {"id":"evt_2","object":"v2.core.event","created":"2026-11-21T12:01:00Z","type":"v1.billing.meter.no_meter_found"}""";
    private static final String WHOLE = """
            {"id":"evt_2","object":"v2.core.event","created":"2026-11-21T12:01:00Z","type":"v1.billing.meter.no_meter_found","data":
             {"reason":{"error_count":1,"error_types":[
               {"code":"No meter!","sample_errors":[{"request":{"identifier":"id-3"}}]}]}}}""";
    private static final String UNREADABLE = "{\"id\":\"evt_3\",\"created\":\"yesterday\",\"data\":{}}";

    @Test
    void shouldReadAllPagesAndWhatReportsSay() throws Exception {
        String first = "{\"data\":[" + REPORT + "," + UNREADABLE + "],\"next_page_url\":\"/v2/core/events?page=abc\"}";
        String last = "{\"data\":[" + THIN + "],\"next_page_url\":null}";
        List<String> answers = List.of(first, last, WHOLE);
        try (ScriptedServer server = ScriptedServer.start((socket, number) -> {
            ScriptedServer.write(socket, ScriptedServer.response(200, JSON, answers.get(number - 1)));
            return true;
        })) {
            // When
            ErrorReading reading = errors(server).since(OLDEST);

            // Then
            assertThat(reading).isInstanceOfSatisfying(ErrorReading.Told.class, told -> {
                assertThat(told.reports())
                        .containsExactly(
                                new ErrorReport(
                                        "evt_1",
                                        Instant.parse("2026-11-21T12:00:20.134Z"),
                                        "mtr_1",
                                        Instant.parse("2026-11-21T12:00:00Z"),
                                        Instant.parse("2026-11-21T12:00:10Z"),
                                        7,
                                        List.of(
                                                sample("id-1", "meter_event_customer_not_found", "No such customer"),
                                                sample("id-2", "meter_event_customer_not_found", "No such customer"))),
                                new ErrorReport(
                                        "evt_2",
                                        Instant.parse("2026-11-21T12:01:00Z"),
                                        null,
                                        Instant.parse("2026-11-21T12:01:00Z"),
                                        Instant.parse("2026-11-21T12:01:00Z"),
                                        1,
                                        List.of(sample("id-3", "unknown", ""))));
                assertThat(told.reports().getFirst().unnamed()).isEqualTo(5);
                assertThat(told.reports().getLast().unnamed()).isZero();
            });
            assertThat(server.requests().getFirst())
                    .startsWith("GET /v2/core/events?")
                    .contains("error_report_triggered")
                    .contains("no_meter_found")
                    .contains("2026-10-22T12");
            assertThat(server.requests().get(1)).startsWith("GET /v2/core/events?page=abc ");
            assertThat(server.requests().get(2)).startsWith("GET /v2/core/events/evt_2 ");
        }
    }

    @Test
    void shouldSayWhyNothingIsTold() throws Exception {
        assertThat(untold(401, "{\"error\":{\"type\":\"invalid_request_error\",\"message\":\"Invalid API Key\"}}"))
                .isInstanceOf(Answer.AccountHalt.class);
        assertThat(untold(503, "")).isInstanceOf(Answer.Unknown.class);
        assertThat(untold(200, "[]")).isInstanceOf(Answer.Unknown.class);
    }

    private static ErrorReport.Sample sample(String identifier, String code, String message) {
        return new ErrorReport.Sample(identifier, code, message);
    }

    private static Answer untold(int status, String body) throws Exception {
        try (ScriptedServer server = ScriptedServer.answering(status, JSON, body)) {
            ErrorReading reading = errors(server).since(OLDEST);
            assertThat(reading).isInstanceOf(ErrorReading.Untold.class);
            return ((ErrorReading.Untold) reading).answer();
        }
    }

    private static StripeErrors errors(ScriptedServer server) {
        return new StripeJavaErrors(
                new StripeConnection("sk_test_1", server.url(), Duration.ofSeconds(5)).open(),
                InstantSource.fixed(OLDEST));
    }
}
