package dev.tally.cli.oracle;

import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/** Counts what all scenarios together did. */
final class Happenings {
    private final Map<String, Integer> counts = new TreeMap<>();
    private final Map<Enum<?>, Integer> hits = new HashMap<>();

    synchronized void hit(Enum<?> point, Doom.End end) {
        hits.merge(point, 1, Integer::sum);
        counts.merge(end + " at " + point, 1, Integer::sum);
    }

    synchronized void add(String what) {
        counts.merge(what, 1, Integer::sum);
    }

    synchronized int count(String what) {
        return counts.getOrDefault(what, 0);
    }

    synchronized int hits(Enum<?> point) {
        return hits.getOrDefault(point, 0);
    }

    /** A table of what happened how often. */
    synchronized String table() {
        StringBuilder table = new StringBuilder();
        counts.forEach((what, count) -> table.append(String.format("%6d  %s%n", count, what)));
        return table.toString();
    }
}
