package dev.tally.cli.standin;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * {@code POST /v2/billing/meter_event_session} and {@code /v2/billing/meter_event_stream} (Stripe's API reference, v2): up to 100 events
 * under a token of 15 minutes. Events are checked after the answer: what is wrong with one never shows in it. Tokens do not survive a
 * restart of the stand-in.
 */
final class MeterEventStream {

    static final String SESSION = "/v2/billing/meter_event_session";
    static final String STREAM = "/v2/billing/meter_event_stream";

    /** What the stream does with an event whose identifier is known, where it reports it. */
    static final String DUPLICATE = "duplicate_meter_event";

    private static final Duration VALID = Duration.ofMinutes(15);

    private final Account account;
    private final Book book;
    private final RequestRules rules;
    private final Limits limits;
    private final InstantSource clock;
    private final StandInOptions options;
    private final Amounts amounts;
    private final Map<String, Instant> expiries = new ConcurrentHashMap<>();

    MeterEventStream(
            Account account,
            Book book,
            RequestRules rules,
            Limits limits,
            InstantSource clock,
            StandInOptions options) {
        this.account = account;
        this.book = book;
        this.rules = rules;
        this.limits = limits;
        this.clock = clock;
        this.options = options;
        this.amounts = new Amounts(options);
    }

    Answer session(Call call) {
        rules.json(SESSION, call.body().isEmpty() ? "{}" : call.body());
        Instant now = clock.instant();
        expiries.values().removeIf(expiry -> !now.isBefore(expiry));
        String token = "token_" + Tokens.next();
        expiries.put(token, now.plus(VALID));
        return Answer.json(
                200,
                Json.object()
                        .put("object", "v2.billing.meter_event_session")
                        .put("id", "mes_" + Tokens.next())
                        .put("authentication_token", token)
                        .put("created", now.toString())
                        .put("expires_at", now.plus(VALID).toString())
                        .put("livemode", false));
    }

    /** Takes events; {@code token} is what the call is authorized with. */
    Answer take(Call call, String token) {
        Instant now = clock.instant();
        Instant expiry = expiries.get(token);
        if (expiry == null || !now.isBefore(expiry)) {
            throw Refusal.of(
                    401,
                    "temporary_session_expired",
                    "billing_meter_event_session_expired",
                    "The temporary session token has expired.");
        }
        JsonNode params = rules.json(STREAM, call.body());
        limits.checkStreamed(params.path("events").size());
        for (JsonNode event : params.path("events")) {
            take(event, now);
        }
        return Answer.json(200, Json.object());
    }

    private void take(JsonNode params, Instant now) {
        MeterEvent event = checked(params, now);
        if (!book.accept(event, null) && options.shows(Variant.STREAM_DUPLICATES)) {
            book.report(event.failed(DUPLICATE));
        }
    }

    /** The event with what is wrong with it, in the terms of Stripe's asynchronous error reports. */
    private MeterEvent checked(JsonNode params, Instant now) {
        String eventName = params.path("event_name").asText();
        String identifier = params.has("identifier") ? params.path("identifier").asText() : Tokens.next();
        JsonNode payload = params.path("payload");
        MeterEvent bare = new MeterEvent(0, identifier, eventName, "", BigDecimal.ZERO, now, now, null);
        Account.Meter meter = account.meterOfEvent(eventName).orElse(null);
        if (meter == null) {
            return bare.failed("no_meter");
        }
        if (!meter.active()) {
            return bare.failed("archived_meter");
        }
        if (!payload.has(meter.customerKey())) {
            return bare.failed("meter_event_no_customer_defined");
        }
        String customer = payload.path(meter.customerKey()).asText();
        Instant timestamp;
        BigDecimal value;
        try {
            timestamp = params.has("timestamp")
                    ? Instant.parse(params.path("timestamp").asText())
                    : now;
            value = amounts.read(payload.path(meter.valueKey()).asText(), meter.valueKey());
        } catch (DateTimeException | Refusal wrong) {
            return bare.failed(
                    amounts.hasTooManyDigits(payload.path(meter.valueKey()).asText())
                            ? "meter_event_value_too_many_digits"
                            : "meter_event_invalid_value");
        }
        MeterEvent event = new MeterEvent(
                0,
                identifier,
                eventName,
                customer,
                value,
                Instant.ofEpochSecond(timestamp.getEpochSecond()),
                now,
                null);
        if (timestamp.isBefore(now.minus(MeterEvents.PAST))) {
            return event.failed("timestamp_too_far_in_past");
        }
        if (timestamp.isAfter(now.plus(MeterEvents.FUTURE))) {
            return event.failed("timestamp_in_future");
        }
        return account.customer(customer).isPresent() ? event : event.failed("meter_event_customer_not_found");
    }
}
