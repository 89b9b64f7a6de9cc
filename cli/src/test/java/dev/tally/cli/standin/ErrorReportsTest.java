package dev.tally.cli.standin;

import static dev.tally.cli.standin.StandInHarness.ENTERPRISE;
import static dev.tally.cli.standin.StandInHarness.event;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.stripe.exception.InvalidRequestException;
import com.stripe.model.billing.Meter;
import com.stripe.param.billing.MeterEventCreateParams;
import com.stripe.param.billing.MeterEventSummaryListParams;
import com.stripe.param.v2.core.EventListParams;
import dev.tally.cli.standin.StandInOptions.Refusals;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ErrorReportsTest {

    private static final String ACCOUNT = """
            {"meters": [
               {"id": "mtr_a", "event_name": "tally_actions", "formula": "sum"},
               {"id": "mtr_old", "event_name": "old", "formula": "sum", "status": "inactive"},
               {"id": "mtr_count", "event_name": "counted", "formula": "count", "event_time_window": "day"}],
             "customers": [{"id": "cus_demo_enterprise"}]}""";

    @TempDir
    Path folder;

    private Path account;

    @BeforeEach
    void writeAccount() throws Exception {
        account = Files.writeString(folder.resolve("account.json"), ACCOUNT);
    }

    private StandInHarness harness(boolean atOnce, Duration summaryLag) throws Exception {
        return new StandInHarness(
                folder.resolve("data"),
                options -> options.withAccount(account)
                        .modes(atOnce, false, true, Duration.ofHours(1))
                        .told(new Refusals(atOnce, summaryLag)));
    }

    private static MeterEventCreateParams.Builder named(String name, String identifier, String value) {
        return event(identifier, ENTERPRISE, value).setEventName(name);
    }

    private static JsonNode list(StandInHarness harness, EventListParams.Builder params) throws Exception {
        return Json.MAPPER.readTree(harness.stripe()
                .v2()
                .core()
                .events()
                .list(params.build())
                .getLastResponse()
                .body());
    }

    @Test
    void shouldReportLaterWhatItTookAndDoesNotCount() throws Exception {
        try (StandInHarness harness = harness(false, Duration.ZERO)) {
            // Given: seven of one kind, one of each other kind, and a good one
            for (int i = 0; i < 7; i++) {
                harness.send(event("unknown-" + i, "cus_nobody", "1"));
            }
            harness.send(event("digits", ENTERPRISE, "1234567890123456"));
            harness.send(named("old", "archived", "1"));
            harness.send(named("nothing", "no-meter", "1"));
            harness.send(event("good", ENTERPRISE, "5"));
            assertThat(list(harness, EventListParams.builder()).path("data")).isEmpty();

            // When
            harness.pass(Duration.ofSeconds(10));
            harness.restart();

            // Then
            assertThat(harness.total(ENTERPRISE)).isEqualTo(5);
            JsonNode errors =
                    list(harness, EventListParams.builder().addType("v1.billing.meter.error_report_triggered"));
            assertThat(errors.path("data")).hasSize(2);
            JsonNode report = StreamSupport.stream(errors.path("data").spliterator(), false)
                    .filter(one ->
                            one.path("related_object").path("id").asText().equals("mtr_a"))
                    .findFirst()
                    .orElseThrow();
            assertThat(report.path("created").asText()).isEqualTo("2026-11-21T12:00:10Z");
            assertThat(report.path("data").path("validation_start").asText()).isEqualTo("2026-11-21T12:00:00Z");
            JsonNode reason = report.path("data").path("reason");
            assertThat(reason.path("error_count").asInt()).isEqualTo(8);
            List<String> samples = new ArrayList<>();
            reason.path("error_types")
                    .forEach(type -> type.path("sample_errors")
                            .forEach(sample -> samples.add(type.path("code").asText() + " "
                                    + sample.path("request").path("identifier").asText())));
            assertThat(samples)
                    .hasSize(6)
                    .contains("meter_event_customer_not_found unknown-4", "meter_event_value_too_many_digits digits");
            JsonNode none = list(harness, EventListParams.builder().addType("v1.billing.meter.no_meter_found"));
            assertThat(none.path("data")).hasSize(1);
            assertThat(none.path("data").get(0).path("related_object").isNull()).isTrue();
            String id = none.path("data").get(0).path("id").asText();
            assertThat(harness.json("/v2/core/events/" + id))
                    .isEqualTo(none.path("data").get(0));
        }
    }

    @Test
    void shouldListTheNewestFirstByPageAndTime() throws Exception {
        try (StandInHarness harness = harness(false, Duration.ZERO)) {
            // Given: three reports, a minute apart
            for (int i = 0; i < 3; i++) {
                harness.send(event("id-" + i, "cus_nobody", "1"));
                harness.pass(Duration.ofMinutes(1));
            }

            // When
            JsonNode first = list(harness, EventListParams.builder().setLimit(2L));
            JsonNode second = harness.json(first.path("next_page_url").asText());
            JsonNode since = list(
                    harness,
                    EventListParams.builder()
                            .setCreated(EventListParams.Created.builder()
                                    .setGte(StandInHarness.NOW.plusSeconds(70))
                                    .build()));

            // Then
            assertThat(created(first)).containsExactly("2026-11-21T12:02:10Z", "2026-11-21T12:01:10Z");
            assertThat(created(second)).containsExactly("2026-11-21T12:00:10Z");
            assertThat(second.path("next_page_url").isNull()).isTrue();
            assertThat(created(since)).containsExactly("2026-11-21T12:02:10Z", "2026-11-21T12:01:10Z");
            assertThat(harness.call("GET", "/v2/core/events?colour=red", "").statusCode())
                    .isEqualTo(400);
            harness.pass(Duration.ofDays(31));
            assertThat(created(list(harness, EventListParams.builder()))).isEmpty();
        }
    }

    private static List<String> created(JsonNode list) {
        List<String> created = new ArrayList<>();
        list.path("data").forEach(one -> created.add(one.path("created").asText()));
        return created;
    }

    @Test
    void shouldRefuseAtOnceWhereThatIsWanted() throws Exception {
        try (StandInHarness harness = harness(true, Duration.ZERO)) {
            for (MeterEventCreateParams.Builder wrong : List.of(named("old", "a", "1"), named("nothing", "b", "1"))) {
                InvalidRequestException refused =
                        catchThrowableOfType(InvalidRequestException.class, () -> harness.send(wrong));
                assertThat(refused.getParam()).isEqualTo("event_name");
            }
            harness.pass(Duration.ofMinutes(1));
            assertThat(list(harness, EventListParams.builder()).path("data")).isEmpty();
        }
    }

    @Test
    void shouldDescribeMetersAsTheAccountFileHasThem() throws Exception {
        try (StandInHarness harness = harness(true, Duration.ZERO)) {
            Meter counted = harness.stripe().v1().billing().meters().retrieve("mtr_count");
            assertThat(counted.getDefaultAggregation().getFormula()).isEqualTo("count");
            assertThat(counted.getEventTimeWindow()).isEqualTo("day");
            assertThat(harness.stripe()
                            .v1()
                            .billing()
                            .meters()
                            .retrieve("mtr_old")
                            .getStatus())
                    .isEqualTo("inactive");
        }
    }

    @Test
    void shouldShowEventsInSummariesAfterTheLag() throws Exception {
        try (StandInHarness harness = harness(true, Duration.ofMinutes(10))) {
            // Given
            long at = StandInHarness.NOW.getEpochSecond();
            harness.send(event("id-1", ENTERPRISE, "7").setTimestamp(at));
            MeterEventSummaryListParams minute = MeterEventSummaryListParams.builder()
                    .setCustomer(ENTERPRISE)
                    .setStartTime(at)
                    .setEndTime(at + 60)
                    .build();

            // Then
            assertThat(sum(harness, minute)).isZero();
            harness.pass(Duration.ofMinutes(10));
            assertThat(sum(harness, minute)).isEqualTo(7);
        }
    }

    private static long sum(StandInHarness harness, MeterEventSummaryListParams minute) throws Exception {
        return harness.stripe()
                .v1()
                .billing()
                .meters()
                .eventSummaries()
                .list("mtr_a", minute)
                .getData()
                .getFirst()
                .getAggregatedValue()
                .longValueExact();
    }
}
