package dev.tally.schemas.catalogue;

import dev.tally.schemas.Aggregation;
import dev.tally.schemas.Meter;
import dev.tally.schemas.MeterFilter;
import dev.tally.schemas.Rate;
import dev.tally.schemas.Trigger;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;

/** What a meter must be. */
final class MeterRules {

    private static final int STRIPE_EVENT_NAME_MAX = 100;

    /** Matches every event. */
    private static final String ANY = "*";

    private MeterRules() {}

    static void check(Meter meter, Issues issues) {
        issues.id("meterId", meter.getMeterId());
        if (issues.known("aggregation", meter.getAggregation())) {
            aggregation(meter, issues);
        }
        List<String> units = meter.getUnits();
        for (int i = 0; i < units.size(); i++) {
            issues.id("units[" + i + "]", units.get(i));
        }
        if (new HashSet<>(units).size() < units.size()) {
            issues.add("units", "names a unit twice");
        }
        if (meter.getWhere() != null) {
            where(meter.getWhere(), issues.in("where"));
        }
        rates(meter.getRates(), issues);
        String eventName = meter.getStripeEventName();
        if (eventName != null && (eventName.isBlank() || eventName.length() > STRIPE_EVENT_NAME_MAX)) {
            issues.add("stripeEventName", "must have 1 to " + STRIPE_EVENT_NAME_MAX + " characters");
        }
    }

    private static void aggregation(Meter meter, Issues issues) {
        boolean units = !meter.getUnits().isEmpty();
        boolean rates = !meter.getRates().isEmpty();
        if (meter.getAggregation() == Aggregation.COUNT) {
            if (units || rates) {
                issues.add("a COUNT meter counts events: it has neither units nor rates");
            }
        } else if (units == rates) {
            issues.add("a SUM meter has either units to add or rates to apply" + (units ? ", not both" : ""));
        }
    }

    private static void where(MeterFilter where, Issues issues) {
        if (where.getActionType() == null && where.getModel() == null && where.getTrigger() == null) {
            issues.add("gives no condition; leave it out to count all events");
        }
        issues.optionalId("actionType", where.getActionType());
        issues.optionalId("model", where.getModel());
        String trigger = where.getTrigger();
        if (trigger != null
                && Arrays.stream(Trigger.values()).noneMatch(one -> one.name().equals(trigger))) {
            issues.add("trigger", "must be one of " + Arrays.toString(Trigger.values()));
        }
    }

    /** The first match wins, so one behind another that matches the same, or everything, never does. */
    private static void rates(List<Rate> rates, Issues issues) {
        Map<String, Integer> firsts = new HashMap<>();
        for (int i = 0; i < rates.size(); i++) {
            Issues at = issues.item("rates", i);
            String match = rates.get(i).getMatch();
            rate(rates.get(i), at);
            Integer hiding = firsts.containsKey(ANY) ? firsts.get(ANY) : firsts.get(match);
            if (hiding != null) {
                at.add("match", "is never reached: rates[" + hiding + "] matches before it");
            }
            firsts.putIfAbsent(match, i);
        }
    }

    private static void rate(Rate rate, Issues issues) {
        issues.id("match", rate.getMatch());
        boolean perUnit = rate.getUnit() != null && rate.getPer1000() != null;
        boolean halfPerUnit = (rate.getUnit() == null) != (rate.getPer1000() == null);
        if (halfPerUnit || perUnit == (rate.getPerAction() != null)) {
            issues.add("has either perAction, or unit and per1000");
        }
        issues.optionalId("unit", rate.getUnit());
        issues.optionalAmount("perAction", rate.getPerAction());
        issues.optionalAmount("per1000", rate.getPer1000());
    }
}
