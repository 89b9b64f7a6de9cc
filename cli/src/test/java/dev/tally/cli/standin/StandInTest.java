package dev.tally.cli.standin;

import static dev.tally.cli.standin.StandInHarness.ENTERPRISE;
import static dev.tally.cli.standin.StandInHarness.event;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.stripe.exception.InvalidRequestException;
import com.stripe.model.billing.Meter;
import com.stripe.model.billing.MeterEventSummary;
import com.stripe.param.billing.MeterEventSummaryListParams;
import com.stripe.param.billing.MeterEventSummaryListParams.ValueGroupingWindow;
import com.stripe.param.billing.MeterListParams;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StandInTest {

    @TempDir
    Path data;

    private StandInHarness harness;

    @BeforeEach
    void start() throws Exception {
        harness = new StandInHarness(data);
    }

    @AfterEach
    void stop() throws Exception {
        harness.close();
    }

    private List<MeterEventSummary> summaries(MeterEventSummaryListParams.Builder range) throws Exception {
        return harness.stripe()
                .v1()
                .billing()
                .meters()
                .eventSummaries()
                .list("mtr_demo_actions", range.setCustomer(ENTERPRISE).build())
                .getData();
    }

    private static MeterEventSummaryListParams.Builder range(String from, String to) {
        return MeterEventSummaryListParams.builder()
                .setStartTime(Instant.parse(from).getEpochSecond())
                .setEndTime(Instant.parse(to).getEpochSecond());
    }

    private void three() throws Exception {
        harness.send(event("id-1", ENTERPRISE, "1")
                .setTimestamp(Instant.parse("2026-11-20T23:59:59Z").getEpochSecond()));
        harness.send(event("id-2", ENTERPRISE, "20")
                .setTimestamp(Instant.parse("2026-11-21T00:00:00Z").getEpochSecond()));
        harness.send(event("id-3", ENTERPRISE, "300")
                .setTimestamp(Instant.parse("2026-11-21T01:30:00Z").getEpochSecond()));
    }

    @Test
    void shouldSumUpARange() throws Exception {
        // Given
        three();

        // Then
        assertThat(summaries(range("2026-11-20T23:59:00Z", "2026-11-21T01:30:00Z")))
                .extracting(MeterEventSummary::getAggregatedValue)
                .usingElementComparator(BigDecimal::compareTo)
                .containsExactly(new BigDecimal("21"));
        assertThat(summaries(range("2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z"))
                        .getFirst()
                        .getAggregatedValue())
                .isZero();
    }

    @Test
    void shouldSumUpByHourAndByDay() throws Exception {
        // Given
        three();

        // Then
        assertThat(summaries(range("2026-11-20T00:00:00Z", "2026-11-22T00:00:00Z")
                        .setValueGroupingWindow(ValueGroupingWindow.DAY)))
                .extracting(summary -> summary.getAggregatedValue().intValue())
                .containsExactly(320, 1);
        assertThat(summaries(range("2026-11-20T00:00:00Z", "2026-11-22T00:00:00Z")
                        .setValueGroupingWindow(ValueGroupingWindow.HOUR)
                        .setLimit(2L)))
                .extracting(summary -> Instant.ofEpochSecond(summary.getStartTime()) + " "
                        + summary.getAggregatedValue().intValue())
                .containsExactly("2026-11-21T01:00:00Z 300", "2026-11-21T00:00:00Z 20");
    }

    @Test
    void shouldRefuseSummariesThatAreNotAligned() {
        assertThatThrownBy(() -> summaries(range("2026-11-20T00:00:01Z", "2026-11-22T00:00:00Z")))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("start_time must be aligned");
        assertThatThrownBy(() -> summaries(range("2026-11-20T00:00:00Z", "2026-11-21T01:00:00Z")
                        .setValueGroupingWindow(ValueGroupingWindow.DAY)))
                .hasMessageContaining("end_time must be aligned");
        assertThatThrownBy(() -> summaries(
                        range("2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z").setLimit(101L)))
                .hasMessageContaining("between 1 and 100");
    }

    @Test
    void shouldDescribeItsAccount() throws Exception {
        // When
        var v1 = harness.stripe().v1();
        Meter meter = v1.billing().meters().retrieve("mtr_demo_credits");

        // Then
        assertThat(v1.billing()
                        .meters()
                        .list(MeterListParams.builder()
                                .setStatus(MeterListParams.Status.ACTIVE)
                                .build())
                        .getData())
                .extracting(Meter::getEventName)
                .containsExactly("tally_actions", "tally_credits", "tally_tokens");
        assertThat(meter.getDefaultAggregation().getFormula()).isEqualTo("sum");
        assertThat(meter.getEventTimeWindow()).isNull();
        assertThat(meter.getCustomerMapping().getEventPayloadKey()).isEqualTo("stripe_customer_id");
        assertThat(meter.getValueSettings().getEventPayloadKey()).isEqualTo("value");
        assertThat(v1.customers().retrieve("cus_demo_team").getName()).isEqualTo("Demo Team");
        assertThat(v1.prices().retrieve("price_demo_payg_credits").getUnitAmountDecimal())
                .isEqualByComparingTo("0.2");
        assertThat(catchThrowableOfType(
                                InvalidRequestException.class,
                                () -> v1.customers().retrieve("cus_x"))
                        .getStatusCode())
                .isEqualTo(404);
    }

    @Test
    void shouldKeepTotalsAnswersAndIdentifiersOverARestart() throws Exception {
        // Given
        harness.send(event("id-1", ENTERPRISE, "25"), "key-1");
        harness.send(event("id-2", ENTERPRISE, "17"), "key-2");

        // When
        harness.restart();
        var replayed = harness.send(event("id-1", ENTERPRISE, "25"), "key-1");

        // Then
        assertThat(harness.total(ENTERPRISE)).isEqualTo(42);
        assertThat(replayed.getLastResponse().headers().firstValue("Idempotent-Replayed"))
                .hasValue("true");
        assertThatThrownBy(() -> harness.send(event("id-2", ENTERPRISE, "17"), "key-3"))
                .hasMessageContaining("An event already exists with identifier id-2");
        harness.pass(Duration.ofHours(24));
        harness.send(event("id-2", ENTERPRISE, "1"), "key-4");
        assertThat(harness.total(ENTERPRISE)).isEqualTo(43);
    }

    @Test
    void shouldCutOffATornLastLine() throws Exception {
        // Given
        harness.send(event("id-1", ENTERPRISE, "25"));
        Files.writeString(data.resolve("calls.jsonl"), "{\"event\":{\"sequence\":2,\"ident", StandardOpenOption.APPEND);

        // When
        harness.restart();
        harness.send(event("id-2", ENTERPRISE, "5"));
        harness.restart();

        // Then
        assertThat(harness.total(ENTERPRISE)).isEqualTo(30);
        assertThat(harness.json("/stand-in/events").path("events")).hasSize(2);
    }

    @Test
    void shouldRefuseAJournalDamagedBeforeItsLastLine(@TempDir Path other) throws Exception {
        // Given
        Files.writeString(other.resolve("calls.jsonl"), "{\"event\":{}}\n{}\n");

        // Then
        assertThatThrownBy(() -> new StandInHarness(other))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("line 1 is damaged");
    }

    @Test
    void shouldListEventsAndTotalsExactly() throws Exception {
        // Given
        three();
        harness.send(event("id-4", "cus_demo_team", "999999999999999"));

        // Then
        assertThat(harness.json("/stand-in/events?customer=cus_demo_enterprise&from=2026-11-21")
                        .findValuesAsText("identifier"))
                .containsExactly("id-2", "id-3");
        assertThat(harness.json("/stand-in/events?after=3").findValuesAsText("identifier"))
                .containsExactly("id-4");
        assertThat(harness.json("/stand-in/usage?event_name=tally_actions&from=2026-11-21&to=2026-11-22T00:00:00Z")
                        .path("total")
                        .longValue())
                .isEqualTo(1_000_000_000_000_319L);
        assertThat(harness.call("GET", "/stand-in/usage?form=2026-11-21", "").statusCode())
                .isEqualTo(400);
    }

    @Test
    void shouldSayThatItIsAFake() throws Exception {
        // When
        var page = harness.call("GET", "/", "");

        // Then
        assertThat(page.body()).contains("This is not Stripe").contains("cus_demo_enterprise");
        assertThat(page.headers().firstValue("Tally-Stand-In")).hasValue("true");
        assertThat(harness.json("/health/ready").path("standIn").asText()).isEqualTo("a fake of Stripe");
    }

    @Test
    void shouldExitWithAClearMessageWhenItCannotStart(@TempDir Path other) {
        String port = Integer.toString(URI.create(harness.url()).getPort());

        assertThat(run("--port", port, "--data", other.toString()))
                .startsWith("2 stripe stand-in: cannot listen on 127.0.0.1:" + port);
        assertThat(run("--port", "0", "--data", data.toString()))
                .startsWith("2 stripe stand-in: cannot start: another");
        assertThat(run("--port", "99999", "--colour", "red"))
                .startsWith("2 --port 99999: not a port number\n--colour red: unknown option\n--data DIR is required");
    }

    private static String run(String... args) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
        int status = StandInMain.run(args, out, out);
        return status + " " + bytes.toString(StandardCharsets.UTF_8).replace("\r", "");
    }
}
