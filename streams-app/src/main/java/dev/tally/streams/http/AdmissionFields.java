package dev.tally.streams.http;

import static dev.tally.streams.metering.AdmissionAsk.MOST_METERS;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tally.keys.Ids;
import dev.tally.schemas.Trigger;
import dev.tally.settings.Durations;
import dev.tally.streams.metering.Action;
import dev.tally.streams.metering.ActionRules;
import dev.tally.streams.metering.MeterDefinition;
import dev.tally.streams.metering.MeterDefinition.Aggregation;
import dev.tally.streams.metering.MeterSet;
import dev.tally.streams.requests.AdmissionAsk;
import dev.tally.units.UnitAmounts;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Reads the question whether an action may run. All that is wrong with it is found at once. */
final class AdmissionFields {

    private static final Set<String> KNOWN =
            Set.of("actionId", "userId", "orgId", "spaceId", "actionType", "model", "trigger", "amounts", "holdFor");
    private static final int NAMED_AT_MOST = 100;
    private static final Duration HOLD_FOR = Duration.ofMinutes(10);
    private static final Duration HOLD_AT_MOST = Duration.ofHours(24);

    private final ObjectNode json;
    private final List<String> problems = new ArrayList<>();

    private AdmissionFields(ObjectNode json) {
        this.json = json;
    }

    /**
     * Reads a question.
     *
     * @param meters which amounts may name; a COUNT meter that the action would count for, and that they do not name, is added with 1
     */
    static AdmissionAsk read(ObjectNode json, MeterSet meters) {
        return new AdmissionFields(json).read(meters);
    }

    private AdmissionAsk read(MeterSet meters) {
        Set<String> unknown = new TreeSet<>();
        json.fieldNames().forEachRemaining(unknown::add);
        unknown.removeAll(KNOWN);
        unknown.forEach(name -> problems.add(name + ": there is no such field"));
        String actionId = id("actionId");
        Action action = new Action(
                actionId,
                Instant.EPOCH,
                id("userId"),
                optionalId("orgId"),
                optionalId("spaceId"),
                optionalId("model"),
                id("actionType"),
                trigger(),
                false,
                UnitAmounts.NONE,
                null,
                null);
        Map<String, Long> amounts = amounts(meters);
        addCounts(action, meters, amounts);
        Duration holdFor = holdFor();
        if (!problems.isEmpty()) {
            throw new Problem.Signal(Problem.badBody(problems));
        }
        return new AdmissionAsk(actionId, action.userId(), action.orgId(), action.spaceId(), amounts, holdFor);
    }

    private Map<String, Long> amounts(MeterSet meters) {
        Map<String, Long> amounts = new TreeMap<>();
        JsonNode given = json.path("amounts");
        if (given.isObject()) {
            if (given.size() > NAMED_AT_MOST) {
                problems.add("amounts: at most " + NAMED_AT_MOST + " meters can be named, not " + given.size());
                return amounts;
            }
            given.properties().forEach(one -> {
                String at = "amounts." + one.getKey();
                if (meters.has(one.getKey())) {
                    amounts.put(one.getKey(), amount(at, one.getValue()));
                } else {
                    problems.add(at + ": there is no such meter");
                }
            });
        } else if (!given.isMissingNode() && !given.isNull()) {
            problems.add("amounts: must be an object of amounts by meter");
        }
        return amounts;
    }

    private long amount(String at, JsonNode value) {
        if (!value.isIntegralNumber()) {
            problems.add(at + ": must be a whole number, not " + value);
            return 1;
        }
        BigInteger amount = value.bigIntegerValue();
        if (amount.signum() <= 0 || amount.compareTo(BigInteger.valueOf(ActionRules.MAX_AMOUNT)) > 0) {
            problems.add(at + ": must be 1 to " + ActionRules.MAX_AMOUNT + ", not " + amount);
            return 1;
        }
        return amount.longValueExact();
    }

    private void addCounts(Action action, MeterSet meters, Map<String, Long> amounts) {
        for (MeterDefinition meter : meters.meters()) {
            if (meter.aggregation() == Aggregation.COUNT
                    && meter.amountOf(action).orElse(0) > 0) {
                amounts.putIfAbsent(meter.meterId(), 1L);
            }
        }
        if (amounts.isEmpty() && problems.isEmpty()) {
            problems.add("amounts: none is given, and no meter counts this action");
        }
        if (amounts.size() > MOST_METERS) {
            problems.add("amounts: with the meters that count this action there are " + amounts.size() + ", at most "
                    + MOST_METERS + " can be asked for");
        }
    }

    private String id(String name) {
        String id = optionalId(name);
        if (id == null) {
            if (json.path(name).isMissingNode() || json.path(name).isNull()) {
                problems.add(name + ": is missing");
            }
            return "";
        }
        return id;
    }

    private @Nullable String optionalId(String name) {
        String id = text(name);
        if (id != null) {
            Ids.problem(id).ifPresent(problem -> problems.add(name + ": " + problem));
        }
        return id;
    }

    private @Nullable String text(String name) {
        JsonNode value = json.path(name);
        if (value.isMissingNode() || value.isNull()) {
            return null;
        }
        if (!value.isTextual()) {
            problems.add(name + ": must be text");
            return null;
        }
        return value.textValue();
    }

    private String trigger() {
        String trigger = text("trigger");
        if (trigger == null) {
            return Trigger.OTHER.name();
        }
        if (Arrays.stream(Trigger.values()).noneMatch(known -> known.name().equals(trigger))) {
            problems.add("trigger: must be one of " + Arrays.toString(Trigger.values()) + ", not '" + trigger + "'");
        }
        return trigger;
    }

    private Duration holdFor() {
        String text = text("holdFor");
        if (text == null) {
            return HOLD_FOR;
        }
        try {
            Duration holdFor = Durations.parse(text);
            if (holdFor.compareTo(Duration.ZERO) <= 0 || holdFor.compareTo(HOLD_AT_MOST) > 0) {
                problems.add("holdFor: must be over 0 and at most 24h, not " + text);
            }
            return holdFor;
        } catch (IllegalArgumentException e) {
            problems.add("holdFor: " + e.getMessage());
            return HOLD_FOR;
        }
    }
}
