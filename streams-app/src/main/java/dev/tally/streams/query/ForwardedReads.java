package dev.tally.streams.query;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** How many questions this instance could not answer from its own state, by what came of them. */
public final class ForwardedReads {

    /** What came of a question that went to another instance. */
    public enum Outcome {
        /** Its owner has answered. */
        OWNER,
        /** A copy has answered. */
        STANDBY,
        /** Nobody could. */
        NOBODY
    }

    private final Map<Outcome, LongAdder> counts = new EnumMap<>(Outcome.class);

    public ForwardedReads() {
        for (Outcome outcome : Outcome.values()) {
            counts.put(outcome, new LongAdder());
        }
    }

    void count(Outcome outcome) {
        adder(outcome).increment();
    }

    /** So many since the start. */
    public long of(Outcome outcome) {
        return adder(outcome).sum();
    }

    private LongAdder adder(Outcome outcome) {
        LongAdder adder = counts.get(outcome);
        if (adder == null) {
            throw new IllegalStateException("no count of " + outcome);
        }
        return adder;
    }
}
