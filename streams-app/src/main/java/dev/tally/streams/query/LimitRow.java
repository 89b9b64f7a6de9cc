package dev.tally.streams.query;

import dev.tally.streams.metering.LimitState;
import dev.tally.streams.metering.PlanTerms.Beyond;
import dev.tally.streams.metering.PlanTerms.Scope;
import dev.tally.streams.metering.PlanTerms.Window;
import java.time.Instant;

/**
 * One limit of a subject.
 *
 * @param held amount reserved by open holds
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
        Instant resetsAt) {}
