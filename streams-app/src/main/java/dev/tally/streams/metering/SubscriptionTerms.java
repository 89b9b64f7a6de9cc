package dev.tally.streams.metering;

import dev.tally.keys.Subject;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a subject has subscribed to.
 *
 * @param subject the subscriber
 * @param stripeCustomerId its customer at Stripe; null: nothing is reported
 * @param anchor start of the first billing period
 * @param phases plan versions in order of effectiveFrom
 * @param overrides limits that replace the plan's of the same scope, meter and window
 * @param poolLowShare percentage of the pool below which POOL_LOW is raised
 */
public record SubscriptionTerms(
        Subject subject,
        @Nullable String stripeCustomerId,
        Instant anchor,
        List<PhaseTerms> phases,
        List<PlanTerms.LimitTerms> overrides,
        int poolLowShare) {

    /** A plan version from an instant on. */
    public record PhaseTerms(String planId, int version, Instant effectiveFrom) {}

    public SubscriptionTerms {
        phases = List.copyOf(phases);
        overrides = List.copyOf(overrides);
    }

    /** The phase in force at an instant: the newest whose effectiveFrom is not after it. */
    public Optional<PhaseTerms> phaseAt(Instant at) {
        PhaseTerms found = null;
        for (PhaseTerms phase : phases) {
            if (!phase.effectiveFrom().isAfter(at)) {
                found = phase;
            }
        }
        return Optional.ofNullable(found);
    }
}
