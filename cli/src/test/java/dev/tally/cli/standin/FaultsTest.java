package dev.tally.cli.standin;

import static dev.tally.cli.standin.StandInHarness.ENTERPRISE;
import static dev.tally.cli.standin.StandInHarness.event;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.stripe.exception.ApiException;
import com.stripe.exception.IdempotencyException;
import com.stripe.exception.InvalidRequestException;
import com.stripe.exception.RateLimitException;
import com.stripe.model.billing.MeterEvent;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FaultsTest {

    private static final String BODY =
            "event_name=tally_actions&identifier=raw-1&payload[value]=7" + "&payload[stripe_customer_id]=" + ENTERPRISE;

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

    private ApiException apiError(String identifier, String key) {
        return catchThrowableOfType(ApiException.class, () -> harness.send(event(identifier, ENTERPRISE, "25"), key));
    }

    @Test
    void shouldReplayTheSavedAnswerOfAnIdempotencyKey() throws Exception {
        // Given
        MeterEvent first = harness.send(event("id-1", ENTERPRISE, "25"), "key-1");

        // When
        MeterEvent again = harness.send(event("id-1", ENTERPRISE, "25"), "key-1");

        // Then
        assertThat(again).isEqualTo(first);
        assertThat(again.getLastResponse().headers().firstValue("Idempotent-Replayed"))
                .hasValue("true");
        assertThat(harness.total(ENTERPRISE)).isEqualTo(25);
    }

    @Test
    void shouldRefuseAnIdempotencyKeyWithOtherParameters() throws Exception {
        // Given
        harness.send(event("id-1", ENTERPRISE, "25"), "key-1");

        // When
        IdempotencyException refusal = catchThrowableOfType(
                IdempotencyException.class, () -> harness.send(event("id-1", ENTERPRISE, "26"), "key-1"));

        // Then
        assertThat(refusal.getStatusCode()).isEqualTo(400);
        assertThat(harness.total(ENTERPRISE)).isEqualTo(25);
    }

    @Test
    void shouldForgetIdempotencyKeysAfter24Hours() throws Exception {
        // Given
        harness.send(event("id-1", ENTERPRISE, "25"), "key-1");
        harness.pass(Duration.ofHours(24));

        // When
        harness.send(event("id-2", ENTERPRISE, "5"), "key-1");

        // Then
        assertThat(harness.total(ENTERPRISE)).isEqualTo(30);
    }

    @Test
    void shouldReplayASaved500UntilTheKeyChanges() throws Exception {
        // Given
        harness.arm("{\"kind\":\"500\",\"when\":\"before\"}");

        // When
        ApiException first = apiError("id-1", "key-1");
        harness.restart();
        ApiException replayed = apiError("id-1", "key-1");
        harness.send(event("id-1", ENTERPRISE, "25"), "key-2");

        // Then
        assertThat(first.getStatusCode()).isEqualTo(500);
        assertThat(replayed.getStatusCode()).isEqualTo(500);
        assertThat(harness.total(ENTERPRISE)).isEqualTo(25);
    }

    @Test
    void shouldCountAnEventWhose500CameAfterItTookEffect() throws Exception {
        // Given
        harness.arm("{\"kind\":\"500\",\"when\":\"after\"}");

        // When
        ApiException first = apiError("id-1", "key-1");
        ApiException replayed = apiError("id-1", "key-1");
        InvalidRequestException otherKey = catchThrowableOfType(
                InvalidRequestException.class, () -> harness.send(event("id-1", ENTERPRISE, "25"), "key-2"));

        // Then
        assertThat(first.getStatusCode()).isEqualTo(500);
        assertThat(replayed.getStatusCode()).isEqualTo(500);
        assertThat(otherKey.getMessage()).contains("An event already exists with identifier id-1");
        assertThat(harness.total(ENTERPRISE)).isEqualTo(25);
    }

    @Test
    void shouldNotSaveAnUnsaved500() throws Exception {
        // Given
        harness.arm("{\"kind\":\"500-unsaved\"}");

        // When
        ApiException first = apiError("id-1", "key-1");
        harness.send(event("id-1", ENTERPRISE, "25"), "key-1");

        // Then
        assertThat(first.getStatusCode()).isEqualTo(500);
        assertThat(harness.total(ENTERPRISE)).isEqualTo(25);
    }

    @Test
    void shouldCutTheConnectionBeforeOrAfterTheEffect() throws Exception {
        // Given
        harness.arm("{\"kind\":\"reset\",\"when\":\"before\"}");
        harness.arm("{\"kind\":\"reset\",\"when\":\"after\"}");

        // Then
        assertThatThrownBy(() -> harness.call("POST", "/v1/billing/meter_events", BODY))
                .isInstanceOf(IOException.class);
        assertThat(harness.total(ENTERPRISE)).isZero();
        assertThatThrownBy(() -> harness.call("POST", "/v1/billing/meter_events", BODY))
                .isInstanceOf(IOException.class);
        assertThat(harness.total(ENTERPRISE)).isEqualTo(7);
        assertThat(harness.call("POST", "/v1/billing/meter_events", BODY).body())
                .contains("An event already exists with identifier raw-1");
    }

    @Test
    void shouldAnswerWithoutABodyOrWithAPage() throws Exception {
        // Given
        harness.arm("{\"kind\":\"empty\",\"when\":\"after\"}");
        harness.arm("{\"kind\":\"html\"}");

        // When
        HttpResponse<String> empty = harness.call("POST", "/v1/billing/meter_events", BODY);
        HttpResponse<String> page = harness.call("POST", "/v1/billing/meter_events", BODY);

        // Then
        assertThat(empty.statusCode()).isEqualTo(503);
        assertThat(empty.body()).isEmpty();
        assertThat(page.statusCode()).isEqualTo(502);
        assertThat(page.body()).startsWith("<html>");
        assertThat(harness.total(ENTERPRISE)).isEqualTo(7);
    }

    @Test
    void shouldLimitTheRateAsOftenAsArmed() throws Exception {
        // Given
        harness.arm("{\"kind\":\"429\",\"count\":2,\"seconds\":3}");

        // When
        RateLimitException first =
                catchThrowableOfType(RateLimitException.class, () -> harness.send(event("id-1", ENTERPRISE, "25")));
        RateLimitException second =
                catchThrowableOfType(RateLimitException.class, () -> harness.send(event("id-1", ENTERPRISE, "25")));
        harness.send(event("id-1", ENTERPRISE, "25"));

        // Then
        assertThat(first.getStripeError().getLastResponse().headers().firstValue("Retry-After"))
                .hasValue("3");
        assertThat(second.getCode()).isEqualTo("rate_limit");
        assertThat(harness.json("/stand-in/calls")
                        .at("/calls")
                        .path("POST /v1/billing/meter_events 429")
                        .asInt())
                .isEqualTo(2);
        assertThat(harness.total(ENTERPRISE)).isEqualTo(25);
    }

    @Test
    void shouldTakeOneCallAtATimePerCustomerAndMeter() throws Exception {
        // Given
        harness.arm("{\"kind\":\"hang\"}");
        CompletableFuture<HttpResponse<String>> hanging = harness.http()
                .sendAsync(
                        harness.request("POST", "/v1/billing/meter_events", BODY)
                                .header("Idempotency-Key", "key-1")
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
        Awaitility.await()
                .until(() -> harness.json("/stand-in/faults").path("armed").isEmpty());

        // When
        RateLimitException sameLane = Awaitility.await()
                .until(
                        () -> catchThrowableOfType(
                                RateLimitException.class,
                                () -> harness.send(event("id-" + System.nanoTime(), ENTERPRISE, "0"))),
                        refusal -> refusal != null);
        ApiException sameKey = catchThrowableOfType(
                ApiException.class, () -> harness.send(event("raw-1", "cus_demo_team", "7"), "key-1"));
        harness.send(event("id-3", "cus_demo_team", "25"));
        harness.call("DELETE", "/stand-in/faults", "");

        // Then
        assertThat(sameLane.getCode()).isEqualTo("lock_timeout");
        assertThat(sameKey.getStatusCode()).isEqualTo(409);
        assertThat(sameKey.getCode()).isEqualTo("idempotency_key_in_use");
        assertThatThrownBy(hanging::join).hasCauseInstanceOf(IOException.class);
        assertThat(harness.total(ENTERPRISE)).isZero();
        harness.send(event("id-4", ENTERPRISE, "25"));
        assertThat(harness.total(ENTERPRISE)).isEqualTo(25);
    }

    @Test
    void shouldAcceptAnIdentifierOnceHoweverManyCallsRace(@TempDir Path other) throws Exception {
        try (StandInHarness any =
                new StandInHarness(other, options -> options.modes(true, false, false, Duration.ofHours(1)))) {
            // When
            List<CompletableFuture<HttpResponse<String>>> calls = new ArrayList<>();
            for (int i = 0; i < 32; i++) {
                calls.add(any.http()
                        .sendAsync(
                                any.request("POST", "/v1/billing/meter_events", BODY)
                                        .build(),
                                HttpResponse.BodyHandlers.ofString()));
            }
            List<Integer> statuses =
                    calls.stream().map(call -> call.join().statusCode()).toList();

            // Then
            assertThat(statuses).filteredOn(status -> status == 200).hasSize(1);
            assertThat(statuses).filteredOn(status -> status == 400).hasSize(31);
            assertThat(any.total(ENTERPRISE)).isEqualTo(7);
        }
    }

    @Test
    void shouldSpoilAnAnswerAfterTheEffect() throws Exception {
        // Given
        harness.arm("{\"kind\":\"garbage\",\"when\":\"after\"}");
        harness.arm("{\"kind\":\"eof\"}");
        harness.arm("{\"kind\":\"slow-body\",\"seconds\":0.1}");

        // When
        HttpResponse<String> garbage = harness.call("POST", "/v1/billing/meter_events", BODY);
        assertThatThrownBy(() -> harness.call("POST", "/v1/billing/meter_events", BODY))
                .isInstanceOf(IOException.class);
        HttpResponse<String> slow = harness.call("POST", "/v1/billing/meter_events", BODY);

        // Then
        assertThat(garbage.statusCode()).isEqualTo(200);
        assertThat(garbage.body()).doesNotContain("identifier");
        assertThat(slow.statusCode()).isEqualTo(500);
        assertThat(slow.body()).contains("api_error");
        assertThat(harness.total(ENTERPRISE)).isEqualTo(7);
    }

    @Test
    void shouldBeAwayUntilItsClockHasPassed() throws Exception {
        for (String answer : new String[] {"503", "429", "401"}) {
            // Given
            harness.arm("{\"kind\":\"outage\",\"seconds\":259200,\"answer\":\"" + answer + "\"}");

            // When
            harness.pass(Duration.ofHours(72).minusMillis(1));
            int during = harness.call("GET", "/v1/billing/meters", "").statusCode();
            harness.pass(Duration.ofMillis(1));
            int after = harness.call("GET", "/v1/billing/meters", "").statusCode();

            // Then
            assertThat(during).isEqualTo(Integer.parseInt(answer));
            assertThat(after).isEqualTo(200);
        }
        harness.arm("{\"kind\":\"outage\",\"seconds\":10,\"answer\":\"cut\"}");
        assertThatThrownBy(() -> harness.call("GET", "/v1/billing/meters", "")).isInstanceOf(IOException.class);
        assertThat(harness.json("/stand-in/faults").at("/armed/0/answer").asText())
                .isEqualTo("cut");
    }

    @Test
    void shouldLimitEndpointsIfAskedTo(@TempDir Path other) throws Exception {
        try (StandInHarness limited =
                new StandInHarness(other, options -> options.showing(Set.of(Variant.LIMITS, Variant.RETRY_AFTER)))) {
            // When
            List<HttpResponse<String>> reads = new ArrayList<>();
            for (int i = 0; i < 26; i++) {
                reads.add(limited.call("GET", "/v1/billing/meters", ""));
            }
            int otherEndpoint =
                    limited.call("GET", "/v1/customers/" + ENTERPRISE, "").statusCode();
            limited.pass(Duration.ofSeconds(1));
            int later = limited.call("GET", "/v1/billing/meters", "").statusCode();

            // Then
            assertThat(reads.subList(0, 25))
                    .allSatisfy(read -> assertThat(read.statusCode()).isEqualTo(200));
            assertThat(reads.getLast().statusCode()).isEqualTo(429);
            assertThat(reads.getLast().headers().firstValue("Retry-After")).hasValue("1");
            assertThat(reads.getLast().headers().firstValue("Stripe-Rate-Limited-Reason"))
                    .hasValue("endpoint-rate");
            assertThat(otherEndpoint).isEqualTo(200);
            assertThat(later).isEqualTo(200);
        }
    }

    @Test
    void shouldNameADuplicateIfAskedTo(@TempDir Path other) throws Exception {
        try (StandInHarness coded =
                new StandInHarness(other, options -> options.showing(Variant.parse("duplicate-code,plain-lock")))) {
            // When
            coded.send(event("id-1", ENTERPRISE, "25"));
            InvalidRequestException refusal = catchThrowableOfType(
                    InvalidRequestException.class, () -> coded.send(event("id-1", ENTERPRISE, "25")));

            // Then
            assertThat(refusal.getCode()).isEqualTo("duplicate_meter_event");
            assertThatThrownBy(() -> Variant.parse("retry-after,nonsense"))
                    .hasMessageContaining("no variant is called 'nonsense'");
        }
    }

    @Test
    void shouldRefuseAFaultItDoesNotKnow() throws Exception {
        for (String fault : new String[] {
            "",
            "[]",
            "{}",
            "{\"kind\":\"flood\"}",
            "{\"kind\":\"500\",\"often\":1}",
            "{\"kind\":\"outage\"}",
            "{\"kind\":\"401\",\"when\":\"after\"}",
            "{\"kind\":\"500\",\"seconds\":-1}"
        }) {
            assertThat(harness.call("POST", "/stand-in/faults", fault).statusCode())
                    .isEqualTo(400);
        }
    }
}
