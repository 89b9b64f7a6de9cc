package dev.tally.streams.metering;

import java.util.List;
import java.util.OptionalLong;

/** The meters in force at one moment. Amounts of an action are kept in an array, in the order of the meters. */
public final class MeterSet {

    /** No meters. */
    public static final MeterSet NONE = new MeterSet(List.of());

    private final List<MeterDefinition> meters;
    private final List<String> ids;

    /** A set of these meters, in this order. */
    public MeterSet(List<MeterDefinition> meters) {
        this.meters = List.copyOf(meters);
        this.ids = meters.stream().map(MeterDefinition::meterId).toList();
    }

    /** The meters. */
    public List<MeterDefinition> meters() {
        return meters;
    }

    /** Their ids; the same list as long as this is the same set. */
    public List<String> ids() {
        return ids;
    }

    /** Whether there is a meter of this id. */
    public boolean has(String meterId) {
        return ids.contains(meterId);
    }

    /**
     * Puts the amounts that an action gives into an array.
     *
     * @return the index of a meter whose amount is over {@link ActionRules#MAX_AMOUNT}; -1 when there is none
     */
    public int amountsOf(Action action, long[] amounts) {
        for (int i = 0; i < amounts.length; i++) {
            OptionalLong amount = meters.get(i).amountOf(action);
            if (amount.isEmpty()) {
                return i;
            }
            amounts[i] = amount.getAsLong();
        }
        return -1;
    }
}
