package dev.tally.units;

import java.util.Arrays;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Amounts by unit of one action, each unit once. Most have few, which are looked through one after the other. Immutable. */
public final class UnitAmounts {

    /** No amounts. */
    public static final UnitAmounts NONE = new UnitAmounts(new String[0], new long[0]);

    /** More than these are sorted. */
    public static final int FEW = 16;

    private final String[] units;
    private final long[] amounts;

    private UnitAmounts(String[] units, long[] amounts) {
        this.units = units;
        this.amounts = amounts;
    }

    /**
     * The first of some units and their amounts, copied.
     *
     * @param count at most {@link #FEW}
     */
    public static UnitAmounts few(String[] units, long[] amounts, int count) {
        if (count > FEW) {
            throw new IllegalArgumentException(count + " units");
        }
        return count == 0 ? NONE : new UnitAmounts(Arrays.copyOf(units, count), Arrays.copyOf(amounts, count));
    }

    /** The amounts of a map. */
    public static UnitAmounts of(Map<String, Long> amounts) {
        SortedMap<String, Long> sorted = new TreeMap<>(amounts);
        return new UnitAmounts(
                sorted.keySet().toArray(String[]::new),
                sorted.values().stream().mapToLong(Long::longValue).toArray());
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
        int index = units.length > FEW ? Arrays.binarySearch(units, unit) : indexAmongFew(unit);
        return index < 0 ? 0 : amounts[index];
    }

    private int indexAmongFew(String unit) {
        for (int i = 0; i < units.length; i++) {
            if (units[i].equals(unit)) {
                return i;
            }
        }
        return -1;
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
