package dev.tally.cli.standin;

import static dev.tally.cli.standin.StandInHarness.ENTERPRISE;
import static dev.tally.cli.standin.StandInHarness.NOW;
import static dev.tally.cli.standin.StandInHarness.event;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.stripe.exception.AuthenticationException;
import com.stripe.exception.InvalidRequestException;
import com.stripe.model.billing.MeterEvent;
import com.stripe.param.billing.MeterEventCreateParams;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MeterEventsTest {

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

    private InvalidRequestException refused(MeterEventCreateParams.Builder event) {
        return catchThrowableOfType(InvalidRequestException.class, () -> harness.send(event));
    }

    @Test
    void shouldAcceptAnEventAndCountIt() throws Exception {
        // When
        MeterEvent accepted = harness.send(event("id-ä/1", ENTERPRISE, "25")
                .setTimestamp(NOW.minusSeconds(60).getEpochSecond()));

        // Then
        assertThat(accepted.getIdentifier()).isEqualTo("id-ä/1");
        assertThat(accepted.getPayload()).containsEntry("value", "25").containsEntry("stripe_customer_id", ENTERPRISE);
        assertThat(accepted.getTimestamp()).isEqualTo(NOW.minusSeconds(60).getEpochSecond());
        assertThat(accepted.getCreated()).isEqualTo(NOW.getEpochSecond());
        assertThat(accepted.getLastResponse().headers().firstValue("Tally-Stand-In"))
                .hasValue("true");
        assertThat(accepted.getLastResponse().requestId()).startsWith("req_");
        assertThat(harness.total(ENTERPRISE)).isEqualTo(25);
    }

    @Test
    void shouldUseTheTimeOfReceiptWithoutATimestamp() throws Exception {
        assertThat(harness.send(event("id-1", ENTERPRISE, "1")).getTimestamp()).isEqualTo(NOW.getEpochSecond());
    }

    @Test
    void shouldTakeNegativeValuesAsCorrections() throws Exception {
        // When
        harness.send(event("id-1", ENTERPRISE, "25"));
        harness.send(event("id-2", ENTERPRISE, "-30"));

        // Then
        assertThat(harness.total(ENTERPRISE)).isEqualTo(-5);
    }

    @Test
    void shouldRefuseAKnownIdentifier() throws Exception {
        // Given
        harness.send(event("id-1", ENTERPRISE, "25"));

        // When
        InvalidRequestException refusal = refused(event("id-1", ENTERPRISE, "26"));

        // Then
        assertThat(refusal.getStatusCode()).isEqualTo(400);
        assertThat(refusal.getStripeError().getMessage()).isEqualTo("An event already exists with identifier id-1.");
        assertThat(refusal.getCode()).isNull();
        assertThat(refusal.getStripeError().getLastResponse().headers().firstValue("stripe-should-retry"))
                .hasValue("false");
        assertThat(harness.total(ENTERPRISE)).isEqualTo(25);
    }

    @Test
    void shouldForgetIdentifiersAfterExactly24Hours() throws Exception {
        // Given
        harness.send(event("id-1", ENTERPRISE, "25"));

        // When
        harness.pass(Duration.ofHours(24).minusNanos(1));
        InvalidRequestException lastMoment = refused(event("id-1", ENTERPRISE, "25"));
        harness.pass(Duration.ofNanos(1));
        harness.send(event("id-1", ENTERPRISE, "25"));

        // Then
        assertThat(lastMoment).isNotNull();
        assertThat(harness.total(ENTERPRISE)).isEqualTo(50);
    }

    @Test
    void shouldRememberIdentifiersLongerIfAskedTo(@TempDir Path other) throws Exception {
        try (StandInHarness longer =
                new StandInHarness(other, options -> options.modes(true, true, true, Duration.ofHours(1)))) {
            // Given
            longer.send(event("id-1", ENTERPRISE, "25"));
            longer.pass(Duration.ofDays(30));

            // When
            InvalidRequestException refusal = catchThrowableOfType(
                    InvalidRequestException.class, () -> longer.send(event("id-1", ENTERPRISE, "25")));

            // Then
            assertThat(refusal.getMessage()).contains("An event already exists with identifier id-1");
        }
    }

    @Test
    void shouldRefuseTimestampsOutsideItsBounds() throws Exception {
        Instant oldest = NOW.minus(Duration.ofDays(35));
        Instant newest = NOW.plus(Duration.ofMinutes(5));

        harness.send(event("id-1", ENTERPRISE, "1").setTimestamp(oldest.getEpochSecond()));
        harness.send(event("id-2", ENTERPRISE, "1").setTimestamp(newest.getEpochSecond()));
        assertThat(refused(event("id-3", ENTERPRISE, "1").setTimestamp(oldest.getEpochSecond() - 1))
                        .getMessage())
                .contains("The event timestamp cannot be more than 35 days in past. Expected a timestamp greater");
        assertThat(refused(event("id-4", ENTERPRISE, "1").setTimestamp(newest.getEpochSecond() + 1))
                        .getMessage())
                .contains("5 minutes in the future");
        assertThat(harness.total(ENTERPRISE)).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"1000000000000000", "-1000000000000000", "1.5", "1e3", "abc", "+1", " 1", "0x1", "--1"})
    void shouldRefuseValuesThatAreNotWholeNumbersOf15Digits(String value) throws Exception {
        assertThat(refused(event("id-1", ENTERPRISE, value)).getStripeError().getParam())
                .isEqualTo("payload[value]");
        assertThat(harness.total(ENTERPRISE)).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"999999999999999", "-999999999999999", "0", "000000000000000000012"})
    void shouldTakeWholeNumbersOf15Digits(String value) throws Exception {
        // When
        harness.send(event("id-1", ENTERPRISE, value));

        // Then
        assertThat(harness.total(ENTERPRISE)).isEqualTo(Long.parseLong(value));
    }

    @Test
    void shouldRefuseAnUnknownCustomerAtOnce() {
        // When
        InvalidRequestException refusal = refused(event("id-1", "cus_nobody", "1"));

        // Then
        assertThat(refusal.getCode()).isEqualTo("resource_missing");
        assertThat(refusal.getMessage()).contains("No such customer: 'cus_nobody'");
    }

    @Test
    void shouldReportAnUnknownCustomerLaterIfAskedTo(@TempDir Path other) throws Exception {
        try (StandInHarness later =
                new StandInHarness(other, options -> options.modes(false, false, true, Duration.ofHours(1)))) {
            // When
            later.send(event("id-1", "cus_nobody", "1"));

            // Then
            assertThat(later.total("cus_nobody")).isZero();
            assertThat(later.json("/stand-in/events").at("/events/0/error").asText())
                    .isEqualTo("meter_event_customer_not_found");
        }
    }

    @Test
    void shouldRefuseAnUnknownEventName() {
        assertThat(refused(event("id-1", ENTERPRISE, "1").setEventName("nothing"))
                        .getStripeError()
                        .getParam())
                .isEqualTo("event_name");
    }

    @Test
    void shouldRefuseAnUnknownParameter() {
        // When
        InvalidRequestException refusal = refused(event("id-1", ENTERPRISE, "1").putExtraParam("colour", "red"));

        // Then
        assertThat(refusal.getCode()).isEqualTo("parameter_unknown");
        assertThat(refusal.getStripeError().getParam()).isEqualTo("colour");
    }

    @Test
    void shouldRefuseAnIdentifierOfMoreThan100Characters() throws Exception {
        harness.send(event("x".repeat(100), ENTERPRISE, "1"));
        assertThat(refused(event("x".repeat(101), ENTERPRISE, "1"))
                        .getStripeError()
                        .getParam())
                .isEqualTo("identifier");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "event_name=tally_actions",
                "event_name=tally_actions&payload[value]=1",
                "event_name=tally_actions&payload[stripe_customer_id]=cus_demo_enterprise",
                "event_name=tally_actions&payload=1",
                "event_name[x]=tally_actions&payload[value]=1",
                "event_name=&payload[value]=1",
                "event_name=tally_actions&payload[stripe_customer_id]=cus_demo_enterprise&payload[value]=1&timestamp=x",
                "event_name=tally_actions&payload[stripe_customer_id]=cus_demo_enterprise&payload[value]=%zz",
                "[]=1&payload[[=2",
                "payload[value][x]=1&payload[value]=2&event_name=a"
            })
    void shouldRefuseMalformedBodiesAndStayAlive(String body) throws Exception {
        // When
        HttpResponse<String> answer = harness.call("POST", "/v1/billing/meter_events", body);

        // Then
        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(Json.MAPPER.readTree(answer.body()).at("/error/type").asText())
                .isEqualTo("invalid_request_error");
        assertThat(harness.total(ENTERPRISE)).isZero();
    }

    @Test
    void shouldRefuseAKeyThatIsNotATestKey() {
        // When
        AuthenticationException refusal = catchThrowableOfType(
                AuthenticationException.class,
                () -> harness.client("sk_live_1")
                        .v1()
                        .billing()
                        .meterEvents()
                        .create(event("id-1", ENTERPRISE, "1").build()));

        // Then
        assertThat(refusal.getStatusCode()).isEqualTo(401);
        assertThat(refusal.getMessage()).doesNotContain("sk_live_1");
    }

    @Test
    void shouldAnswerUnknownPathsLikeStripe() throws Exception {
        // When
        HttpResponse<String> answer = harness.call("GET", "/v1/charges", "");

        // Then
        assertThat(answer.statusCode()).isEqualTo(404);
        assertThat(answer.body()).contains("Unrecognized request URL (GET: /v1/charges)");
    }
}
