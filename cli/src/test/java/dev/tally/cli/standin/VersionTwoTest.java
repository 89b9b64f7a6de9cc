package dev.tally.cli.standin;

import static dev.tally.cli.standin.StandInHarness.ENTERPRISE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.stripe.StripeClient;
import com.stripe.exception.StripeException;
import com.stripe.exception.TemporarySessionExpiredException;
import com.stripe.model.v2.billing.MeterEvent;
import com.stripe.model.v2.billing.MeterEventSession;
import com.stripe.net.RequestOptions;
import com.stripe.param.v2.billing.MeterEventCreateParams;
import com.stripe.param.v2.billing.MeterEventStreamCreateParams;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Version 2 of Stripe's API through the real client. */
class VersionTwoTest {

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

    private static MeterEventCreateParams.Builder event(String identifier, String value) {
        return MeterEventCreateParams.builder()
                .setEventName("tally_actions")
                .setIdentifier(identifier)
                .putPayload("stripe_customer_id", ENTERPRISE)
                .putPayload("value", value);
    }

    private static MeterEventStreamCreateParams.Event streamed(String identifier, String customer, String value) {
        return MeterEventStreamCreateParams.Event.builder()
                .setEventName("tally_actions")
                .setIdentifier(identifier)
                .putPayload("stripe_customer_id", customer)
                .putPayload("value", value)
                .build();
    }

    private static void stream(
            StripeClient client, MeterEventSession session, List<MeterEventStreamCreateParams.Event> events)
            throws StripeException {
        client.v2()
                .billing()
                .meterEventStream()
                .create(
                        MeterEventStreamCreateParams.builder()
                                .addAllEvent(events)
                                .build(),
                        RequestOptions.builder()
                                .setApiKey(session.getAuthenticationToken())
                                .build());
    }

    private MeterEventSession session() throws StripeException {
        return harness.stripe().v2().billing().meterEventSession().create();
    }

    @Test
    void shouldTakeOneEventAndRefuseItsIdentifierAfterwards() throws Exception {
        // When
        MeterEvent taken = harness.stripe()
                .v2()
                .billing()
                .meterEvents()
                .create(event("id-1", "25")
                        .setTimestamp(Instant.parse("2026-11-21T11:00:00Z"))
                        .build());
        StripeException refusal = catchThrowableOfType(
                StripeException.class,
                () -> harness.stripe()
                        .v2()
                        .billing()
                        .meterEvents()
                        .create(event("id-1", "25").build()));

        // Then
        assertThat(taken.getTimestamp()).isEqualTo(Instant.parse("2026-11-21T11:00:00Z"));
        assertThat(taken.getIdentifier()).isEqualTo("id-1");
        assertThat(refusal.getStatusCode()).isEqualTo(400);
        assertThat(refusal.getCode()).isEqualTo("duplicate_meter_event");
        assertThat(harness.total(ENTERPRISE)).isEqualTo(25);
    }

    @Test
    void shouldTakeWhatIsStreamedAndCountWhatIsRight() throws Exception {
        // When
        stream(
                harness.stripe(),
                session(),
                List.of(
                        streamed("id-1", ENTERPRISE, "3"),
                        streamed("id-2", "cus_nobody", "4"),
                        streamed("id-3", ENTERPRISE, "1.5"),
                        streamed("id-4", ENTERPRISE, "1000000000000000"),
                        streamed("id-1", ENTERPRISE, "3"),
                        streamed("id-5", ENTERPRISE, "20")));

        // Then
        assertThat(harness.total(ENTERPRISE)).isEqualTo(23);
        List<String> errors = new ArrayList<>();
        for (JsonNode event : harness.json("/stand-in/events").path("events")) {
            errors.add(event.path("error").asText("counted"));
        }
        assertThat(errors)
                .containsExactly(
                        "counted",
                        "meter_event_customer_not_found",
                        "meter_event_invalid_value",
                        "meter_event_value_too_many_digits",
                        "counted");
    }

    @Test
    void shouldReportAStreamedDuplicateIfAskedTo(@TempDir Path other) throws Exception {
        try (StandInHarness reporting =
                new StandInHarness(other, options -> options.showing(Set.of(Variant.STREAM_DUPLICATES)))) {
            // When
            MeterEventSession session =
                    reporting.stripe().v2().billing().meterEventSession().create();
            stream(
                    reporting.stripe(),
                    session,
                    List.of(streamed("id-1", ENTERPRISE, "3"), streamed("id-1", ENTERPRISE, "3")));

            // Then
            assertThat(reporting.total(ENTERPRISE)).isEqualTo(3);
            assertThat(reporting.json("/stand-in/events").at("/events/1/error").asText())
                    .isEqualTo("duplicate_meter_event");
        }
    }

    @Test
    void shouldEndASessionAfterAQuarterOfAnHour() throws Exception {
        // Given
        MeterEventSession session = session();
        assertThat(session.getExpiresAt()).isEqualTo(StandInHarness.NOW.plus(Duration.ofMinutes(15)));

        // When
        harness.pass(Duration.ofMinutes(15).minusMillis(1));
        stream(harness.stripe(), session, List.of(streamed("id-1", ENTERPRISE, "3")));
        harness.pass(Duration.ofMillis(1));
        TemporarySessionExpiredException expired = catchThrowableOfType(
                TemporarySessionExpiredException.class,
                () -> stream(harness.stripe(), session, List.of(streamed("id-2", ENTERPRISE, "4"))));

        // Then
        assertThat(expired.getStatusCode()).isEqualTo(401);
        assertThat(expired.getCode()).isEqualTo("billing_meter_event_session_expired");
        assertThat(harness.total(ENTERPRISE)).isEqualTo(3);
    }

    @Test
    void shouldRefuseMoreThanAHundredEventsAtOnce() throws Exception {
        // Given
        List<MeterEventStreamCreateParams.Event> many = new ArrayList<>();
        for (int i = 0; i < 101; i++) {
            many.add(streamed("id-" + i, ENTERPRISE, "1"));
        }

        // When
        StripeException refusal =
                catchThrowableOfType(StripeException.class, () -> stream(harness.stripe(), session(), many));
        stream(harness.stripe(), session(), many.subList(0, 100));

        // Then
        assertThat(refusal.getStatusCode()).isEqualTo(400);
        assertThat(harness.total(ENTERPRISE)).isEqualTo(100);
    }

    @Test
    void shouldLimitTheEventsOfASecondIfAskedTo(@TempDir Path other) throws Exception {
        try (StandInHarness limited = new StandInHarness(other, options -> options.showing(Set.of(Variant.LIMITS)))) {
            // Given
            MeterEventSession session =
                    limited.stripe().v2().billing().meterEventSession().create();
            List<MeterEventStreamCreateParams.Event> hundred = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                hundred.add(streamed("id-" + i, ENTERPRISE, "1"));
            }

            // When
            for (int call = 0; call < 100; call++) {
                stream(limited.stripe(), session, hundred);
            }
            StripeException refusal =
                    catchThrowableOfType(StripeException.class, () -> stream(limited.stripe(), session, hundred));
            limited.pass(Duration.ofSeconds(1));
            stream(limited.stripe(), session, hundred);

            // Then
            assertThat(refusal.getStatusCode()).isEqualTo(429);
        }
    }

    @Test
    void shouldRefuseWhatIsNoJson() throws Exception {
        assertThat(harness.call("POST", "/v2/billing/meter_events", "a=%zz").statusCode())
                .isEqualTo(400);
        assertThat(harness.call("GET", "/v2/billing/meter_events", "").statusCode())
                .isEqualTo(404);
    }
}
