package dev.tally.cli.standin;

import com.fasterxml.jackson.databind.JsonNode;
import com.stripe.Stripe;
import com.stripe.StripeClient;
import com.stripe.exception.StripeException;
import com.stripe.model.billing.MeterEvent;
import com.stripe.net.RequestOptions;
import com.stripe.param.billing.MeterEventCreateParams;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.UnaryOperator;

/** A stand-in on a free port with a clock set by the test, and the real Stripe client connected to it. */
final class StandInHarness implements AutoCloseable {

    static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");
    static final String ENTERPRISE = "cus_demo_enterprise";

    static {
        Stripe.enableTelemetry = false;
    }

    private final Path data;
    private final UnaryOperator<StandInOptions> change;
    private final HttpClient http = HttpClient.newHttpClient();
    private Instant now = NOW;
    private StandIn standIn;
    private StripeClient stripe;

    StandInHarness(Path data) throws IOException {
        this(data, UnaryOperator.identity());
    }

    StandInHarness(Path data, UnaryOperator<StandInOptions> change) throws IOException {
        this.data = data;
        this.change = change;
        this.standIn = startStandIn();
        this.stripe = client("sk_test_standin");
    }

    private StandIn startStandIn() throws IOException {
        InstantSource clock = () -> now;
        return StandIn.start(change.apply(StandInOptions.of(0, data)), clock);
    }

    void restart() throws IOException {
        standIn.close();
        standIn = startStandIn();
        stripe = client("sk_test_standin");
    }

    void setTime(String instant) {
        now = Instant.parse(instant);
    }

    void pass(Duration duration) {
        now = now.plus(duration);
    }

    StripeClient stripe() {
        return stripe;
    }

    StripeClient client(String key) {
        return StripeClient.builder()
                .setApiKey(key)
                .setApiBase(standIn.url())
                .setMeterEventsBase(standIn.url())
                .setMaxNetworkRetries(0)
                .setConnectTimeout(5_000)
                .setReadTimeout(10_000)
                .build();
    }

    String url() {
        return standIn.url();
    }

    static MeterEventCreateParams.Builder event(String identifier, String customer, String value) {
        return MeterEventCreateParams.builder()
                .setEventName("tally_actions")
                .setIdentifier(identifier)
                .putPayload("stripe_customer_id", customer)
                .putPayload("value", value);
    }

    MeterEvent send(MeterEventCreateParams.Builder event) throws StripeException {
        return stripe.v1().billing().meterEvents().create(event.build());
    }

    MeterEvent send(MeterEventCreateParams.Builder event, String idempotencyKey) throws StripeException {
        return stripe.v1()
                .billing()
                .meterEvents()
                .create(
                        event.build(),
                        RequestOptions.builder()
                                .setIdempotencyKey(idempotencyKey)
                                .build());
    }

    /** A call without the Stripe client, which the test sees exactly as it comes. */
    HttpResponse<String> call(String method, String path, String body) throws IOException, InterruptedException {
        return http.send(request(method, path, body).build(), HttpResponse.BodyHandlers.ofString());
    }

    HttpRequest.Builder request(String method, String path, String body) {
        return HttpRequest.newBuilder(URI.create(url() + path))
                .timeout(Duration.ofSeconds(10))
                .header("Authorization", "Bearer sk_test_standin")
                .header("Content-Type", "application/x-www-form-urlencoded")
                .method(method, HttpRequest.BodyPublishers.ofString(body));
    }

    HttpClient http() {
        return http;
    }

    JsonNode json(String path) throws IOException, InterruptedException {
        return Json.MAPPER.readTree(call("GET", path, "").body());
    }

    void arm(String fault) throws IOException, InterruptedException {
        HttpResponse<String> answer = call("POST", "/stand-in/faults", fault);
        if (answer.statusCode() != 200) {
            throw new IllegalArgumentException(answer.body());
        }
    }

    long total(String customer) throws IOException, InterruptedException {
        return json("/stand-in/usage?customer=" + customer + "&event_name=tally_actions")
                .path("total")
                .longValue();
    }

    @Override
    public void close() throws IOException {
        http.shutdownNow();
        standIn.close();
    }
}
