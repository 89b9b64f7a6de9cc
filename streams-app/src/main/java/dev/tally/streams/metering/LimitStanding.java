package dev.tally.streams.metering;

import dev.tally.streams.metering.PlanTerms.Beyond;
import dev.tally.streams.metering.PlanTerms.Scope;
import dev.tally.streams.metering.PlanTerms.Window;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Where one limit of a payer stands at one moment. What holds reserve is not part of it.
 *
 * @param scope whose usage it limits
 * @param scopeId id of that user, member, space or org
 * @param meter the meter it limits; of a CONCURRENT limit: the open holds that reserve something of it
 * @param limit the allowed amount, 0 or more; of a CONCURRENT limit: the allowed number of open holds
 * @param limitUsed the part of it that is used, in the window that is open now; 0 of a CONCURRENT limit
 * @param beyond what happens beyond it
 * @param resetsAt when its window ends; null where nothing resets it
 */
public record LimitStanding(
        Scope scope,
        String scopeId,
        String meter,
        Window window,
        long limit,
        long limitUsed,
        Beyond beyond,
        @Nullable Instant resetsAt) {}
