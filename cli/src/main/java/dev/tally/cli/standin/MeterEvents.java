package dev.tally.cli.standin;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * {@code POST /v1/billing/meter_events}, and the same under {@code /v2} in JSON, as Stripe documents it: validation, one call in flight per customer and meter, saved
 * answers per idempotency key, then the rules of the event itself. Where Stripe's behaviour is not documented, the options
 * offer both: unknown customers, archived meters and long amounts refused at once or reported later, identifiers unique for 24 hours or longer.
 */
final class MeterEvents {

    static final String PATH = "/v1/billing/meter_events";
    static final String PATH_V2 = "/v2/billing/meter_events";
    static final Duration PAST = Duration.ofDays(35);
    static final Duration FUTURE = Duration.ofMinutes(5);

    private final Account account;
    private final Book book;
    private final RequestRules rules;
    private final KeyedCalls keyedCalls;
    private final Limits limits;
    private final Latency latency;
    private final StandInOptions options;
    private final Amounts amounts;
    private final Set<String> callsInFlight = ConcurrentHashMap.newKeySet();

    MeterEvents(
            Account account,
            Book book,
            RequestRules rules,
            KeyedCalls keyedCalls,
            Limits limits,
            Latency latency,
            StandInOptions options) {
        this.account = account;
        this.book = book;
        this.rules = rules;
        this.keyedCalls = keyedCalls;
        this.limits = limits;
        this.latency = latency;
        this.options = options;
        this.amounts = new Amounts(options);
    }

    /**
     * Handles one call.
     *
     * @throws Refusal for whatever is refused before the call is executed
     */
    Answer create(Call call, Faults.@Nullable Fault fault) {
        JsonNode params = call.isV2() ? likeV1(rules.json(PATH_V2, call.body())) : rules.body(PATH, call.body());
        String eventName = params.path("event_name").asText();
        String customerKey =
                account.meterOfEvent(eventName).map(Account.Meter::customerKey).orElse("stripe_customer_id");
        String lane = params.path("payload").path(customerKey).asText() + "\n" + eventName;
        if (options.oneInFlight() && !callsInFlight.add(lane)) {
            throw limits.locked();
        }
        try {
            latency.pass();
            return keyedCalls.answer(call, fault, now -> judge(call, params, now));
        } finally {
            callsInFlight.remove(lane);
        }
    }

    /** Version 2 has its timestamps as text. */
    private static JsonNode likeV1(JsonNode params) {
        if (!params.has("timestamp")) {
            return params;
        }
        ObjectNode like = params.deepCopy();
        try {
            return like.put(
                    "timestamp",
                    Instant.parse(params.path("timestamp").asText()).getEpochSecond());
        } catch (DateTimeException e) {
            throw Refusal.parameter(null, "timestamp", "Invalid value for timestamp: not like 2026-11-21T12:00:00Z");
        }
    }

    private KeyedCalls.Effect judge(Call call, JsonNode params, Instant now) {
        MeterEvent event = event(params, now);
        ObjectNode body = call.isV2() ? renderedV2(event, params) : rendered(event, params);
        return new KeyedCalls.Effect(Json.pretty(body), saved -> {
            if (!book.accept(event, saved)) {
                throw Refusal.executed(
                        call.isV2() || options.shows(Variant.DUPLICATE_CODE) ? "duplicate_meter_event" : null,
                        "identifier",
                        "An event already exists with identifier " + event.identifier() + ".");
            }
        });
    }

    private MeterEvent event(JsonNode params, Instant now) {
        String eventName = params.path("event_name").asText();
        Optional<Account.Meter> meter = account.meterOfEvent(eventName);
        List<String> errors = new ArrayList<>();
        if (meter.isEmpty()) {
            refuse(
                    "no_meter",
                    errors,
                    Refusal.executed(
                            "resource_missing", "event_name", "No meter found with event name '" + eventName + "'."));
        } else if (!meter.get().active()) {
            refuse(
                    "archived_meter",
                    errors,
                    Refusal.executed(
                            null, "event_name", "The meter with event name '" + eventName + "' is not active."));
        }
        String customerKey = meter.map(Account.Meter::customerKey).orElse("stripe_customer_id");
        String customer = payload(params, customerKey);
        String valueKey = meter.map(Account.Meter::valueKey).orElse("value");
        BigDecimal value = value(payload(params, valueKey), valueKey, errors);
        Instant timestamp = timestamp(params, now);
        if (account.customer(customer).isEmpty()) {
            if (options.customersAtOnce()) {
                throw Refusal.executed(
                        "resource_missing", "payload[" + customerKey + "]", "No such customer: '" + customer + "'");
            }
            errors.add("meter_event_customer_not_found");
        }
        String identifier = params.has("identifier")
                ? params.path("identifier").asText()
                : UUID.randomUUID().toString();
        return new MeterEvent(
                0, identifier, eventName, customer, value, timestamp, now, errors.isEmpty() ? null : errors.getFirst());
    }

    private BigDecimal value(String text, String key, List<String> errors) {
        if (options.refusals().atOnce() || !amounts.hasTooManyDigits(text)) {
            return amounts.read(text, key);
        }
        errors.add("meter_event_value_too_many_digits");
        return BigDecimal.ZERO;
    }

    /** At once, or later in an error report. */
    private void refuse(String code, List<String> later, Refusal atOnce) {
        if (options.refusals().atOnce()) {
            throw atOnce;
        }
        later.add(code);
    }

    private static String payload(JsonNode params, String key) {
        JsonNode value = params.path("payload").path(key);
        if (value.isMissingNode()) {
            throw Refusal.executed(
                    "parameter_missing",
                    "payload[" + key + "]",
                    "The event payload is missing the key '" + key + "', which the meter requires.");
        }
        return value.asText();
    }

    private static Instant timestamp(JsonNode params, Instant now) {
        if (!params.has("timestamp")) {
            return Instant.ofEpochSecond(now.getEpochSecond());
        }
        long seconds = params.path("timestamp").longValue();
        long oldest = now.minus(PAST).getEpochSecond();
        long newest = now.plus(FUTURE).getEpochSecond();
        if (seconds < oldest) {
            throw Refusal.executed(
                    null,
                    "timestamp",
                    "The event timestamp cannot be more than 35 days in past. Expected a timestamp greater than or equal"
                            + " to " + oldest + ".");
        }
        if (seconds > newest) {
            throw Refusal.executed(
                    null,
                    "timestamp",
                    "The event timestamp cannot be more than 5 minutes in the future. Expected a timestamp less than or"
                            + " equal to " + newest + ".");
        }
        return Instant.ofEpochSecond(seconds);
    }

    private static ObjectNode rendered(MeterEvent event, JsonNode params) {
        ObjectNode body = Json.object()
                .put("object", "billing.meter_event")
                .put("created", event.receivedAt().getEpochSecond())
                .put("event_name", event.eventName())
                .put("identifier", event.identifier())
                .put("livemode", false);
        body.set("payload", params.path("payload"));
        return body.put("timestamp", event.timestamp().getEpochSecond());
    }

    private static ObjectNode renderedV2(MeterEvent event, JsonNode params) {
        ObjectNode body = Json.object()
                .put("object", "v2.billing.meter_event")
                .put("created", event.receivedAt().toString())
                .put("event_name", event.eventName())
                .put("identifier", event.identifier())
                .put("livemode", false);
        body.set("payload", params.path("payload"));
        return body.put("timestamp", event.timestamp().toString());
    }
}
