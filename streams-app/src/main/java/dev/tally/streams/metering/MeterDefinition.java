package dev.tally.streams.metering;

import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * What a meter measures.
 *
 * @param meterId its name
 * @param aggregation how events become an amount
 * @param units SUM without rates: the units whose amounts are added
 * @param filter which events count; null: all
 * @param rates SUM: credits by model or action type, first match wins; empty: the units' amounts as they are
 * @param stripeEventName event_name of the Stripe meter that receives it
 */
public record MeterDefinition(
        String meterId,
        Aggregation aggregation,
        List<String> units,
        @Nullable Filter filter,
        List<Rate> rates,
        String stripeEventName) {

    /** How events become an amount. */
    public enum Aggregation {
        COUNT,
        SUM
    }

    /** Conditions that must all hold; null: any. */
    public record Filter(
            @Nullable String actionType,
            @Nullable String model,
            @Nullable String trigger) {
        boolean accepts(Action action) {
            return (actionType == null || actionType.equals(action.actionType()))
                    && (model == null || model.equals(action.model()))
                    && (trigger == null || trigger.equals(action.trigger()));
        }
    }

    /**
     * Credits for events that match.
     *
     * @param match a model, an action type, or {@code *}
     * @param perAction credits per action
     * @param unit the unit that per1000 refers to
     * @param per1000 credits per 1,000 of the unit
     */
    public record Rate(
            String match, long perAction, @Nullable String unit, long per1000) {
        boolean matches(Action action) {
            return match.equals("*") || match.equals(action.model()) || match.equals(action.actionType());
        }
    }

    public MeterDefinition {
        units = List.copyOf(units);
        rates = List.copyOf(rates);
    }

    /**
     * The amount one action gives: 0 where it does not count; empty where the amount is over
     * {@link ActionRules#MAX_AMOUNT}, which no meter accepts from one event.
     */
    public OptionalLong amountOf(Action action) {
        if (filter != null && !filter.accepts(action)) {
            return OptionalLong.of(0);
        }
        try {
            long amount = switch (aggregation) {
                case COUNT -> 1;
                case SUM -> rates.isEmpty() ? sumOfUnits(action) : rated(action);
            };
            return amount > ActionRules.MAX_AMOUNT ? OptionalLong.empty() : OptionalLong.of(amount);
        } catch (ArithmeticException overflow) {
            return OptionalLong.empty();
        }
    }

    private long sumOfUnits(Action action) {
        long sum = 0;
        for (String unit : units) {
            sum = Math.addExact(sum, action.usage().of(unit));
        }
        return sum;
    }

    private long rated(Action action) {
        for (Rate rate : rates) {
            if (rate.matches(action)) {
                long amount = rate.unit() == null ? 0 : action.usage().of(rate.unit());
                // Half up, once per event: (x + 500) / 1000 for x >= 0.
                long byUnit = Math.addExact(Math.multiplyExact(amount, rate.per1000()), 500) / 1_000;
                return Math.addExact(rate.perAction(), byUnit);
            }
        }
        return 0;
    }
}
