package dev.tally.units;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Amounts by unit of one action, each unit once. There are few, so they are looked through one after the other. Immutable. */
public final class UnitAmounts {

    /** No amounts. */
    public static final UnitAmounts NONE = new UnitAmounts(new String[0], new long[0], 0);

    private final String[] units;
    private final long[] amounts;

    /** The first {@code count} of these, copied. */
    public UnitAmounts(String[] units, long[] amounts, int count) {
        this.units = Arrays.copyOf(units, count);
        this.amounts = Arrays.copyOf(amounts, count);
    }

    /** The amounts of a map. */
    public static UnitAmounts of(Map<String, Long> amounts) {
        return amounts.isEmpty()
                ? NONE
                : new UnitAmounts(
                        amounts.keySet().toArray(String[]::new),
                        amounts.values().stream().mapToLong(Long::longValue).toArray(),
                        amounts.size());
    }

    /** How many units there are. */
    public int count() {
        return units.length;
    }

    /** The unit at an index below {@link #count}. */
    public String unit(int index) {
        return units[index];
    }

    /** The amount of the unit at an index below {@link #count}. */
    public long amount(int index) {
        return amounts[index];
    }

    /** The amount of a unit; 0 where it is not there. */
    public long of(String unit) {
        for (int i = 0; i < units.length; i++) {
            if (units[i].equals(unit)) {
                return amounts[i];
            }
        }
        return 0;
    }

    /** The same as a map, sorted by unit. */
    public Map<String, Long> toMap() {
        Map<String, Long> map = new TreeMap<>();
        for (int i = 0; i < units.length; i++) {
            map.put(units[i], amounts[i]);
        }
        return map;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof UnitAmounts that && toMap().equals(that.toMap());
    }

    @Override
    public int hashCode() {
        return toMap().hashCode();
    }

    @Override
    public String toString() {
        return toMap().toString();
    }
}
