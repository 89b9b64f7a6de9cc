package dev.tally.streams.metering;

import dev.tally.keys.Subject;
import dev.tally.streams.metering.PlanTerms.LimitTerms;
import dev.tally.streams.metering.PlanTerms.Scope;
import dev.tally.streams.metering.PlanTerms.Window;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The limits that hold for a subject at one moment: those of the newest phase in force, with the subscription's overrides in place of
 * the plan's.
 */
public final class EffectiveLimits {

    /** No subscription, no limits. */
    public static final EffectiveLimits NONE = new EffectiveLimits(List.of());

    private final List<EffectiveLimit> limits;

    private EffectiveLimits(List<EffectiveLimit> limits) {
        this.limits = List.copyOf(limits);
    }

    /**
     * One limit.
     *
     * @param terms as the plan or the subscription states it
     * @param amount what it allows: the stated amount, or the pool that the allocation gives
     * @param planId the plan in force
     * @param thresholds where it alerts, ascending
     */
    public record EffectiveLimit(LimitTerms terms, long amount, String planId, List<Thresholds.Threshold> thresholds) {}

    /**
     * The limits of a subject.
     *
     * @param at when: the time of processing, not of the event
     * @param seats accepted memberships of an org, 0 for a user
     */
    public static EffectiveLimits of(Terms terms, Subject subject, Instant at, long seats) {
        Optional<SubscriptionTerms> subscription = terms.subscription(subject);
        Optional<PlanTerms> plan =
                subscription.flatMap(s -> s.phaseAt(at)).flatMap(phase -> terms.plan(phase.planId(), phase.version()));
        if (subscription.isEmpty() || plan.isEmpty()) {
            return NONE;
        }
        List<EffectiveLimit> effective = new ArrayList<>();
        for (LimitTerms limit : merged(plan.get(), subscription.get())) {
            amountOf(limit, plan.get(), seats).ifPresent(amount -> {
                boolean pool = limit.scope() == Scope.ORG && limit.window() == Window.PERIOD && limit.amount() == null;
                effective.add(new EffectiveLimit(
                        limit,
                        amount,
                        plan.get().planId(),
                        Thresholds.of(limit, pool, subscription.get().poolLowShare())));
            });
        }
        return new EffectiveLimits(effective);
    }

    private static List<LimitTerms> merged(PlanTerms plan, SubscriptionTerms subscription) {
        List<LimitTerms> merged = new ArrayList<>(subscription.overrides());
        for (LimitTerms limit : plan.limits()) {
            if (merged.stream().noneMatch(o -> sameScopeMeterWindow(o, limit))) {
                merged.add(limit);
            }
        }
        return merged;
    }

    private static boolean sameScopeMeterWindow(LimitTerms one, LimitTerms other) {
        return one.scope() == other.scope()
                && one.window() == other.window()
                && one.meter().equals(other.meter());
    }

    /** Empty where a limit follows an allocation that the plan does not give: nothing is included, so nothing can be reached. */
    private static Optional<Long> amountOf(LimitTerms limit, PlanTerms plan, long seats) {
        return limit.amount() != null
                ? Optional.of(limit.amount())
                : plan.allocation(limit.meter()).map(allocation -> allocation.amount(seats));
    }

    /** The subject's own limit of a meter in a kind of window. */
    public Optional<EffectiveLimit> own(Subject subject, String meter, Window window) {
        Scope scope = subject.kind() == Subject.Kind.ORG ? Scope.ORG : Scope.USER;
        for (EffectiveLimit limit : limits) {
            LimitTerms terms = limit.terms();
            if (terms.scope() == scope
                    && terms.window() == window
                    && terms.meter().equals(meter)) {
                return Optional.of(limit);
            }
        }
        return Optional.empty();
    }

    /** All of them. */
    public List<EffectiveLimit> all() {
        return limits;
    }
}
