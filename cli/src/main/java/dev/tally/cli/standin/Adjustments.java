package dev.tally.cli.standin;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.time.InstantSource;

/**
 * Cancels events: {@code POST /v1/billing/meter_event_adjustments} and the same under {@code /v2}. "You can only cancel events within 24
 * hours of Stripe receiving them" (Stripe's page on configuring meters).
 */
final class Adjustments {

    private static final String V1 = "/v1/billing/meter_event_adjustments";
    private static final String V2 = "/v2/billing/meter_event_adjustments";

    private final Account account;
    private final Book book;
    private final RequestRules rules;
    private final InstantSource clock;

    Adjustments(Account account, Book book, RequestRules rules, InstantSource clock) {
        this.account = account;
        this.book = book;
        this.rules = rules;
        this.clock = clock;
    }

    Answer v1(Call call) {
        JsonNode params = rules.body(V1, call.body());
        ObjectNode body = cancel(params, clock.instant()).put("object", "billing.meter_event_adjustment");
        return Answer.json(200, body);
    }

    Answer v2(Call call) {
        JsonNode params = rules.json(V2, call.body());
        Instant now = clock.instant();
        ObjectNode body = cancel(params, now)
                .put("object", "v2.billing.meter_event_adjustment")
                .put("id", "mtr_event_adj_" + Tokens.next())
                .put("created", now.toString());
        return Answer.json(200, body);
    }

    private ObjectNode cancel(JsonNode params, Instant now) {
        String eventName = params.path("event_name").asText();
        JsonNode identifier = params.path("cancel").path("identifier");
        if (identifier.isMissingNode()) {
            throw Refusal.parameter(
                    "parameter_missing", "cancel[identifier]", "Missing required param: cancel[identifier].");
        }
        if (account.meterOfEvent(eventName).isEmpty()) {
            throw Refusal.parameter(
                    "resource_missing", "event_name", "No meter found with event name '" + eventName + "'.");
        }
        switch (book.cancel(eventName, identifier.asText(), now)) {
            case CANCELED -> {}
            case UNKNOWN ->
                throw refused("No event of " + eventName + " has the identifier '" + identifier.asText() + "'.");
            case TOO_LATE ->
                throw refused("The event was received more than 24 hours ago and cannot be canceled any more.");
            case BEFORE -> throw refused("The event was canceled before.");
        }
        ObjectNode body = Json.object()
                .put("event_name", eventName)
                .put("livemode", false)
                .put("status", "complete")
                .put("type", "cancel");
        body.putObject("cancel").put("identifier", identifier.asText());
        return body;
    }

    private static Refusal refused(String message) {
        return Refusal.parameter("invalid_cancel_configuration", "cancel[identifier]", message);
    }
}
