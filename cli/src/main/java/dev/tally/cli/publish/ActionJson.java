package dev.tally.cli.publish;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.tally.keys.Ids;
import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.Trigger;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The NDJSON form of an action: the same names, {@code occurredAt} as ISO-8601 UTC; absent or null fields take their defaults. */
public final class ActionJson {

    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private static final Set<String> FIELDS = Set.of(
            "eventId",
            "occurredAt",
            "userId",
            "orgId",
            "spaceId",
            "model",
            "actionType",
            "trigger",
            "readOnly",
            "usage",
            "admissionId",
            "reverses");

    private ActionJson() {}

    /** Why a line is no action. */
    public static final class BadLineException extends Exception {
        private static final long serialVersionUID = 1L;

        BadLineException(String message) {
            super(message);
        }
    }

    /**
     * Reads one line.
     *
     * @throws BadLineException naming the field and what is wrong with it
     */
    public static ActionEvent parse(String line) throws BadLineException {
        JsonNode node;
        try {
            node = JSON.readTree(line);
        } catch (JsonProcessingException e) {
            throw new BadLineException("no JSON: " + e.getOriginalMessage());
        }
        if (!node.isObject()) {
            throw new BadLineException("not a JSON object");
        }
        for (Iterator<String> names = node.fieldNames(); names.hasNext(); ) {
            String name = names.next();
            if (!FIELDS.contains(name)) {
                throw new BadLineException("unknown field " + name);
            }
        }
        return new ActionEvent(
                id(node, "eventId"),
                instant(node),
                id(node, "userId"),
                optionalId(node, "orgId"),
                optionalId(node, "spaceId"),
                optionalId(node, "model"),
                required(node, "actionType"),
                trigger(node),
                bool(node),
                usage(node),
                optionalId(node, "admissionId"),
                optional(node, "reverses"));
    }

    private static String id(JsonNode node, String field) throws BadLineException {
        String value = required(node, field);
        checkId(field, value);
        return value;
    }

    private static @Nullable String optionalId(JsonNode node, String field) throws BadLineException {
        String value = optional(node, field);
        if (value != null) {
            checkId(field, value);
        }
        return value;
    }

    private static void checkId(String field, String value) throws BadLineException {
        String problem = Ids.problem(value).orElse(null);
        if (problem != null) {
            throw new BadLineException(field + " " + problem);
        }
    }

    private static String required(JsonNode node, String field) throws BadLineException {
        String value = optional(node, field);
        if (value == null) {
            throw new BadLineException(field + " is missing");
        }
        return value;
    }

    private static @Nullable String optional(JsonNode node, String field) throws BadLineException {
        JsonNode value = node.path(field);
        if (value.isMissingNode() || value.isNull()) {
            return null;
        }
        if (!value.isTextual()) {
            throw new BadLineException(field + " is no string");
        }
        return value.textValue();
    }

    private static Instant instant(JsonNode node) throws BadLineException {
        String text = required(node, "occurredAt");
        try {
            return Instant.ofEpochMilli(Instant.parse(text).toEpochMilli());
        } catch (DateTimeParseException | ArithmeticException e) {
            throw new BadLineException("occurredAt is '" + text + "', not an instant such as 2026-11-21T10:00:00Z");
        }
    }

    private static Trigger trigger(JsonNode node) throws BadLineException {
        String text = optional(node, "trigger");
        if (text == null) {
            return Trigger.OTHER;
        }
        try {
            return Trigger.valueOf(text);
        } catch (IllegalArgumentException e) {
            throw new BadLineException("trigger is '" + text + "', not one of " + java.util.List.of(Trigger.values()));
        }
    }

    private static boolean bool(JsonNode node) throws BadLineException {
        JsonNode value = node.path("readOnly");
        if (value.isMissingNode() || value.isNull()) {
            return false;
        }
        if (!value.isBoolean()) {
            throw new BadLineException("readOnly is neither true nor false");
        }
        return value.booleanValue();
    }

    private static Map<String, Long> usage(JsonNode node) throws BadLineException {
        JsonNode value = node.path("usage");
        Map<String, Long> usage = new TreeMap<>();
        if (value.isMissingNode() || value.isNull()) {
            return usage;
        }
        if (!value.isObject()) {
            throw new BadLineException("usage is no object");
        }
        for (Map.Entry<String, JsonNode> amount : value.properties()) {
            if (!amount.getValue().isIntegralNumber() || !amount.getValue().canConvertToLong()) {
                throw new BadLineException("usage." + amount.getKey() + " is no whole number of 64 bits");
            }
            long units = amount.getValue().longValue();
            if (units < 0 || units > 1_000_000_000_000L) {
                throw new BadLineException("usage." + amount.getKey() + " is not between 0 and 10^12");
            }
            usage.put(amount.getKey(), units);
        }
        return usage;
    }
}
