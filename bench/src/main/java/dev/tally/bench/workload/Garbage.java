package dev.tally.bench.workload;

import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;

/** Which positions of a topic hold garbage, and of what kind: a function of seed and position alone. All else is the workload. */
public final class Garbage {

    private static final int IN_A_HUNDRED = 100;
    private static final long PURPOSE = 0x2545f4914f6cdd1dL;
    private static final Kind[] KINDS = Kind.values();

    private final long seed;
    private final int percent;

    /** What is wrong with a record. */
    public enum Kind {
        /** Text where Avro is expected. */
        TEXT("undecodable"),
        /** A sound record that ends early. */
        TRUNCATED("undecodable"),
        /** Written with a schema where the user may be null, and is. */
        NULL_USER("missing_field"),
        /** Written with a schema that has no user. */
        NO_USER("missing_field"),
        /** No value at all. */
        NO_VALUE("null_value"),
        /** A schema id that the registry does not know. */
        UNKNOWN_SCHEMA("unknown_schema"),
        /** A control character in the user's id. */
        INVALID_ID("invalid_id"),
        /** Dated days ahead. */
        FUTURE("timestamp_in_future"),
        /** An amount below zero. */
        NEGATIVE("negative_amount");

        private final String reason;

        Kind(String reason) {
            this.reason = reason;
        }

        /** The reason that Tally's contract has for it. */
        public String reason() {
            return reason;
        }
    }

    /** @param percent how many of a hundred positions hold garbage, about */
    public Garbage(long seed, int percent) {
        if (percent < 0 || percent >= IN_A_HUNDRED) {
            throw new IllegalArgumentException("garbage is 0 to 99 percent, not " + percent);
        }
        this.seed = seed;
        this.percent = percent;
    }

    /** What lies at a position; empty where it is a record of the workload. */
    public Optional<Kind> at(int position) {
        if (percent == 0) {
            return Optional.empty();
        }
        SplittableRandom random = new SplittableRandom((seed ^ PURPOSE) + position * 0x9e3779b97f4a7c15L);
        return random.nextInt(IN_A_HUNDRED) < percent
                ? Optional.of(KINDS[random.nextInt(KINDS.length)])
                : Optional.empty();
    }

    /** How many of so many positions hold garbage, by reason. */
    public Map<String, Long> reasons(int positions) {
        Map<String, Long> reasons = new TreeMap<>();
        if (percent > 0) {
            for (int i = 0; i < positions; i++) {
                at(i).ifPresent(kind -> reasons.merge(kind.reason(), 1L, Long::sum));
            }
        }
        return reasons;
    }
}
