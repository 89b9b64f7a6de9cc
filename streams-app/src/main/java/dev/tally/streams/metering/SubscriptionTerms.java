package dev.tally.streams.metering;

import dev.tally.keys.Subject;
import java.time.Instant;
import java.util.List;
import java.util.Map;
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
 * @param caps monthly caps of members and spaces on the meters of the pool
 * @param poolLowShare percentage of the pool below which POOL_LOW is raised
 * @param overageCap most units that are billed beyond allocation and grants in a period; null: no cap
 * @param canceled whether it has ended
 */
public record SubscriptionTerms(
        Subject subject,
        @Nullable String stripeCustomerId,
        Instant anchor,
        List<PhaseTerms> phases,
        List<PlanTerms.LimitTerms> overrides,
        Caps caps,
        int poolLowShare,
        @Nullable Long overageCap,
        boolean canceled) {

    /** A plan version from an instant on. */
    public record PhaseTerms(String planId, int version, Instant effectiveFrom) {}

    /**
     * Caps per period.
     *
     * @param memberDefault for every member without an entry; null: none
     * @param spaceDefault for every space without an entry; null: none
     * @param member by userId
     * @param space by spaceId
     */
    public record Caps(
            @Nullable Long memberDefault,
            @Nullable Long spaceDefault,
            Map<String, Long> member,
            Map<String, Long> space) {

        /** No caps. */
        public static final Caps NONE = new Caps(null, null, Map.of(), Map.of());

        public Caps {
            member = Map.copyOf(member);
            space = Map.copyOf(space);
        }

        /** Whether there is one at all. */
        public boolean isEmpty() {
            return memberDefault == null && spaceDefault == null && member.isEmpty() && space.isEmpty();
        }

        /** The cap of a member or a space; null: none. */
        @Nullable
        Long of(PlanTerms.Scope scope, String id) {
            return switch (scope) {
                case MEMBER -> member.getOrDefault(id, memberDefault);
                case SPACE -> space.getOrDefault(id, spaceDefault);
                case USER, ORG -> null;
            };
        }
    }

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

    /** Whether members or spaces of the subscriber are limited, now or under a phase to come. */
    public boolean limitsShares(Terms terms) {
        return !caps.isEmpty()
                || overrides.stream().anyMatch(PlanTerms.LimitTerms::isShared)
                || phases.stream()
                        .flatMap(phase -> terms.plan(phase.planId(), phase.version()).stream())
                        .flatMap(plan -> plan.limits().stream())
                        .anyMatch(PlanTerms.LimitTerms::isShared);
    }
}
