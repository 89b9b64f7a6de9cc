package dev.tally.cli.audit;

import java.util.Map;
import java.util.TreeMap;

/**
 * What covered a payer's usage of a meter in a period.
 *
 * @param included by the period's allocation
 * @param overage beyond everything and billed
 * @param excess beyond everything and not billed
 * @param burns by grants, by grantId
 */
public record Split(long included, long overage, long excess, Map<String, Long> burns) {

    static final Split NONE = new Split(0, 0, 0, Map.of());

    public Split {
        burns = Map.copyOf(burns);
    }

    /** What grants covered. */
    public long granted() {
        return burns.values().stream().mapToLong(Long::longValue).sum();
    }

    /** All of it. */
    public long total() {
        return granted() + included + overage + excess;
    }

    Split plus(Split more) {
        Map<String, Long> all = new TreeMap<>(burns);
        more.burns.forEach((grant, amount) -> all.merge(grant, amount, Long::sum));
        return new Split(included + more.included, overage + more.overage, excess + more.excess, all);
    }
}
