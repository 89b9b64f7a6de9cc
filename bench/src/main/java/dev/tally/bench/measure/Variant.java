package dev.tally.bench.measure;

import java.util.Map;

/** The programs that are compared. */
public enum Variant {
    /** Bare consumer, decode, hash maps: the ceiling. */
    A("A"),
    /** Kafka Streams' DSL, exactly-once. */
    C("C"),
    /** C with deduplication in a window store. */
    D("D"),
    /** Tally with one COUNT meter and no plans, on one stream thread. */
    T_CORE_1("T-core-1"),
    /** Tally with one COUNT meter and no plans. */
    T_CORE("T-core"),
    /** T-core with {@code engine=portable}. */
    T_CORE_PORTABLE("T-core-portable"),
    /** Tally with three meters, plans, limits, alerts and facts. */
    T_FULL("T-full");

    private final String label;

    Variant(String label) {
        this.label = label;
    }

    /** Its name in reports. */
    public String label() {
        return label;
    }

    /** Whether it is Tally. */
    public boolean isTally() {
        return switch (this) {
            case A, C, D -> false;
            case T_CORE_1, T_CORE, T_CORE_PORTABLE, T_FULL -> true;
        };
    }

    /** Whether it runs unless others are named: not what is slow and compared with one other variant only. */
    public boolean isUsual() {
        return this != T_CORE_PORTABLE;
    }

    /** Settings of streams-app that make it what it is. */
    Map<String, String> settings() {
        return this == T_CORE_PORTABLE ? Map.of("engine", "portable") : Map.of();
    }

    int threads() {
        return switch (this) {
            case A, C, D, T_CORE_1 -> 1;
            case T_CORE, T_CORE_PORTABLE, T_FULL -> 2;
        };
    }
}
