package dev.tally.sink.alerts;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The body of a webhook's message: {@code type} ({@code quota.alert.warning}), {@code timestamp} and {@code data}, which has all fields of the
 * alert by the names of its record; instants are ISO-8601. The same alert always gives the same bytes.
 */
public final class AlertJson {
    private static final ObjectMapper JSON = new ObjectMapper();

    private AlertJson() {}

    /** The body as text. */
    public static String body(Alert alert) {
        ObjectNode body = JSON.createObjectNode();
        body.put("type", "quota.alert." + alert.kind().code());
        body.put("timestamp", alert.at().toString());
        ObjectNode data = body.putObject("data");
        data.put("alertId", alert.alertId());
        data.put("kind", alert.kind().name());
        data.put("severity", alert.severity());
        data.put("subject", alert.subject());
        data.put("scope", alert.scope());
        data.put("scopeId", alert.scopeId());
        data.put("meter", alert.meter());
        data.put("windowStart", alert.windowStart().toString());
        data.put("windowEnd", alert.windowEnd().toString());
        data.put("threshold", alert.threshold());
        data.put("epoch", alert.epoch());
        data.put("limit", alert.limit());
        data.put("used", alert.used());
        data.put("resetsAt", text(alert.resetsAt()));
        data.put("planId", alert.planId());
        data.put("cause", alert.cause());
        data.put("late", alert.late());
        data.put("at", alert.at().toString());
        try {
            return JSON.writeValueAsString(body);
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException("a tree of texts and numbers is always JSON", impossible);
        }
    }

    private static @Nullable String text(@Nullable Instant instant) {
        return instant == null ? null : instant.toString();
    }
}
