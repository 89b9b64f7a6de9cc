package dev.tally.streams.query;

import dev.tally.streams.metering.LimitState;
import dev.tally.streams.metering.PlanTerms.Beyond;
import dev.tally.streams.metering.PlanTerms.Scope;
import dev.tally.streams.metering.PlanTerms.Window;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One limit of a subject.
 *
 * @param held amount reserved by open holds; of a limit on open holds: their number
 * @param resetsAt when its window ends; null where nothing resets it
 */
public record LimitRow(
        Scope scope,
        String scopeId,
        String meter,
        Window window,
        long limitUsed,
        long held,
        long limit,
        Beyond beyond,
        LimitState state,
        @Nullable Instant resetsAt) {}
