package dev.tally.bench.measure;

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
            case T_CORE_1, T_CORE, T_FULL -> true;
        };
    }

    int threads() {
        return switch (this) {
            case A, C, D, T_CORE_1 -> 1;
            case T_CORE, T_FULL -> 2;
        };
    }
}
