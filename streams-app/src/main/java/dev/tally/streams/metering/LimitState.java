package dev.tally.streams.metering;

import org.jspecify.annotations.Nullable;

/** Where usage stands relative to a limit, as products show it. */
public enum LimitState {
    OK,
    WARNING,
    REACHED,
    EXCEEDED;

    /**
     * The state of an amount of usage.
     *
     * @param limit null: no limit, always OK
     * @param warnAt lowest percentage that warns; null: none
     */
    public static LimitState of(long used, @Nullable Long limit, @Nullable Integer warnAt) {
        if (limit == null) {
            return OK;
        }
        if (used > limit) {
            return EXCEEDED;
        }
        if (used >= limit) {
            return REACHED;
        }
        return warnAt != null && Thresholds.atLeast(used, limit, warnAt) ? WARNING : OK;
    }
}
