package dev.tally.streams.metering;

import dev.tally.keys.Subject;
import dev.tally.streams.metering.PlanTerms.AllocationTerms;
import dev.tally.streams.metering.PlanTerms.Beyond;
import dev.tally.streams.metering.PlanTerms.LimitTerms;
import dev.tally.streams.metering.PlanTerms.Scope;
import dev.tally.streams.metering.PlanTerms.Window;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The limits that hold for a subject at one moment: those of the newest phase in force, with the subscription's overrides in place of
 * the plan's, and its caps. A canceled subscription has none.
 */
public final class EffectiveLimits {

    /** No subscription, no limits. */
    public static final EffectiveLimits NONE = new EffectiveLimits(List.of(), List.of(), SubscriptionTerms.Caps.NONE);

    private static final List<Integer> CAPS_WARN_AT = List.of(80);

    private final List<EffectiveLimit> limits;
    private final List<EffectiveLimit> shared;
    private final SubscriptionTerms.Caps caps;
    private final Set<Scope> limited = EnumSet.noneOf(Scope.class);
    private final Set<Scope> limitedByDay = EnumSet.noneOf(Scope.class);

    private EffectiveLimits(List<EffectiveLimit> limits, List<EffectiveLimit> shared, SubscriptionTerms.Caps caps) {
        this.limits = List.copyOf(limits);
        this.shared = List.copyOf(shared);
        this.caps = caps;
        if (!caps.isEmpty()) {
            limited.addAll(EnumSet.of(Scope.MEMBER, Scope.SPACE));
        }
        for (EffectiveLimit limit : shared) {
            limited.add(limit.terms().scope());
            if (limit.terms().window() == Window.DAY) {
                limitedByDay.add(limit.terms().scope());
            }
        }
    }

    /**
     * One limit.
     *
     * @param terms as the plan or the subscription states it
     * @param amount what it allows; of a pool: what the allocation gives for the seats of now, without grants
     * @param pool what each period includes, where the limit follows that and grants; null: it is what {@code amount} says
     * @param planId the plan in force
     * @param thresholds where it alerts, ascending
     */
    public record EffectiveLimit(
            LimitTerms terms,
            long amount,
            @Nullable AllocationTerms pool,
            String planId,
            List<Thresholds.Threshold> thresholds) {}

    /**
     * The limits of a subject.
     *
     * @param at when: the time of processing, not of the event
     * @param seats accepted memberships of an org, 0 for a user
     * @param granted the meters of which the subject has grants; this and seats are asked for at most once, and only where a limit has
     *     no amount of its own
     */
    public static EffectiveLimits of(
            Terms terms, Subject subject, Instant at, LongSupplier seats, Supplier<Set<String>> granted) {
        Optional<SubscriptionTerms> subscription = terms.subscription(subject).filter(s -> !s.canceled());
        Optional<PlanTerms> plan = subscription
                .flatMap(s -> s.phaseAt(at))
                .flatMap(phase -> terms.plan(phase.planId(), phase.version()))
                .map(inForce -> inForce.with(subscription.get().overrides()));
        if (subscription.isEmpty() || plan.isEmpty()) {
            return NONE;
        }
        boolean following = plan.get().limits().stream().anyMatch(limit -> limit.amount() == null);
        long seatsNow = following ? seats.getAsLong() : 0;
        Set<String> grantedMeters = following ? granted.get() : Set.of();
        List<EffectiveLimit> own = new ArrayList<>();
        List<EffectiveLimit> shared = new ArrayList<>();
        for (LimitTerms limit : plan.get().limits()) {
            effective(limit, plan.get(), subscription.get(), seatsNow, grantedMeters)
                    .ifPresent(effective -> (limit.isShared() ? shared : own).add(effective));
        }
        return new EffectiveLimits(own, shared, subscription.get().caps());
    }

    /**
     * Empty where a limit that holds nothing back follows what is included, and nothing is, not even by a grant: then nothing can be
     * reached. One that holds back allows nothing then.
     */
    private static Optional<EffectiveLimit> effective(
            LimitTerms limit, PlanTerms plan, SubscriptionTerms subscription, long seats, Set<String> granted) {
        Long amount = limit.amount();
        if (amount != null) {
            return Optional.of(new EffectiveLimit(
                    limit, amount, null, plan.planId(), Thresholds.of(limit, false, subscription.poolLowShare())));
        }
        Optional<AllocationTerms> allocation = plan.allocation(limit.meter());
        if (allocation.isEmpty() && !limit.holdsBack() && !granted.contains(limit.meter())) {
            return Optional.empty();
        }
        AllocationTerms pool = allocation.orElse(AllocationTerms.NONE);
        boolean lowByWhatIsLeft = limit.scope() == Scope.ORG;
        return Optional.of(new EffectiveLimit(
                limit,
                pool.amount(seats),
                pool,
                plan.planId(),
                Thresholds.of(limit, lowByWhatIsLeft, subscription.poolLowShare())));
    }

    /** The subject's own limit of a meter in a kind of window. */
    public Optional<EffectiveLimit> own(String meter, Window window) {
        return find(limits, meter, window);
    }

    private static Optional<EffectiveLimit> find(List<EffectiveLimit> in, String meter, Window window) {
        for (EffectiveLimit limit : in) {
            if (limit.terms().window() == window && limit.terms().meter().equals(meter)) {
                return Optional.of(limit);
            }
        }
        return Optional.empty();
    }

    /** Whether nothing is limited. */
    public boolean isEmpty() {
        return limits.isEmpty() && shared.isEmpty();
    }

    /** Those of the subject itself. */
    public List<EffectiveLimit> own() {
        return limits;
    }

    /** Whether members or spaces of the org are limited. */
    public boolean limits(Scope scope) {
        return limited.contains(scope);
    }

    /** Whether members or spaces of the org are limited by the day. */
    public boolean limitsDays(Scope scope) {
        return limitedByDay.contains(scope);
    }

    /** The limits of one member or space of the org. A cap takes the place of the plan's limit of the same meter and window. */
    public List<EffectiveLimit> of(Scope scope, String id) {
        Long cap = caps.of(scope, id);
        List<EffectiveLimit> found = new ArrayList<>();
        if (cap != null) {
            for (EffectiveLimit pool : limits) {
                if (pool.pool() != null) {
                    found.add(cap(scope, cap, pool));
                }
            }
        }
        for (EffectiveLimit limit : shared) {
            if (limit.terms().scope() == scope
                    && find(found, limit.terms().meter(), limit.terms().window())
                            .isEmpty()) {
                found.add(limit);
            }
        }
        return found;
    }

    private static EffectiveLimit cap(Scope scope, long amount, EffectiveLimit pool) {
        LimitTerms terms =
                new LimitTerms(scope, pool.terms().meter(), Window.PERIOD, amount, Beyond.REJECT, CAPS_WARN_AT);
        return new EffectiveLimit(terms, amount, null, pool.planId(), Thresholds.of(terms, false, 0));
    }
}
