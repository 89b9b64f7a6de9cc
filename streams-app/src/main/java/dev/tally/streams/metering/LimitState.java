package dev.tally.streams.metering;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Where usage stands relative to a limit, as products show it. */
public enum LimitState {
    OK,
    WARNING,
    REACHED,
    EXCEEDED;

    /**
     * The state of usage.
     *
     * @param level where it stands against its limit; null: no limit, always OK
     * @param thresholds of that limit
     */
    public static LimitState of(Thresholds.@Nullable Level level, List<Thresholds.Threshold> thresholds) {
        LimitState state = OK;
        if (level != null) {
            for (Thresholds.Threshold passed : Thresholds.newlyPassed(thresholds, level, Set.of())) {
                state = switch (passed.kind()) {
                    case WARNING, POOL_LOW -> WARNING;
                    case REACHED -> REACHED;
                    case EXCEEDED -> EXCEEDED;
                };
            }
        }
        return state;
    }
}
