package dev.tally.streams.metering;

import dev.tally.keys.Subject;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One version of a plan, as far as counting, limiting and billing need it.
 *
 * @param planId the plan
 * @param version its version
 * @param payer who pays under it
 * @param limits its limits
 * @param allocations what a period includes
 * @param reportAll whether every unit is reported to Stripe, not only overage
 * @param accounted meters of which each unit is accounted for though nothing is included: it is billed, or was until an override
 */
public record PlanTerms(
        String planId,
        int version,
        Subject.Kind payer,
        List<LimitTerms> limits,
        List<AllocationTerms> allocations,
        boolean reportAll,
        Set<String> accounted) {

    /** Whose usage a limit counts. */
    public enum Scope {
        USER,
        MEMBER,
        SPACE,
        ORG
    }

    /** Over what time a limit counts. */
    public enum Window {
        DAY,
        PERIOD,
        CONCURRENT
    }

    /** What happens beyond a limit. */
    public enum Beyond {
        BILL,
        QUEUE,
        PAUSE,
        REJECT,
        NOTIFY
    }

    /**
     * A limit.
     *
     * @param amount the allowed amount; null: what the allocation and grants of the meter give
     * @param warnAt percentages of the amount at which a warning is raised, ascending; at 100 it is reached, whether named here or not
     */
    public record LimitTerms(
            Scope scope,
            String meter,
            Window window,
            @Nullable Long amount,
            Beyond beyond,
            List<Integer> warnAt) {
        public LimitTerms {
            warnAt = warnAt.stream()
                    .filter(percent -> percent < 100)
                    .sorted()
                    .distinct()
                    .toList();
        }

        /** Whether actions beyond it are to be kept from running. */
        boolean holdsBack() {
            return switch (beyond) {
                case QUEUE, PAUSE, REJECT -> true;
                case BILL, NOTIFY -> false;
            };
        }

        private boolean isReplacedBy(LimitTerms override) {
            return override.scope() == scope
                    && override.window() == window
                    && override.meter().equals(meter);
        }

        /** Whether it limits each member, or each space, of an org by itself. */
        boolean isShared() {
            return scope == Scope.MEMBER || scope == Scope.SPACE;
        }
    }

    /** Amount of a meter that a period includes: base and, for each seat, perSeat. */
    public record AllocationTerms(String meter, long base, long perSeat) {
        /** Nothing is included. */
        public static final AllocationTerms NONE = new AllocationTerms("", 0, 0);

        /** The amount for a number of seats. */
        public long amount(long seats) {
            return Amounts.plus(base, Amounts.times(perSeat, seats));
        }
    }

    public PlanTerms {
        limits = List.copyOf(limits);
        allocations = List.copyOf(allocations);
        accounted = Set.copyOf(accounted);
    }

    /** A plan as it is published. */
    public PlanTerms(
            String planId,
            int version,
            Subject.Kind payer,
            List<LimitTerms> limits,
            List<AllocationTerms> allocations,
            boolean reportAll) {
        this(planId, version, payer, limits, allocations, reportAll, billed(payer, limits));
    }

    /** The plan as it holds for a subscription with overrides: each takes the place of the plan's limit of its scope, meter and window. */
    public PlanTerms with(List<LimitTerms> overrides) {
        if (overrides.isEmpty()) {
            return this;
        }
        List<LimitTerms> merged = new ArrayList<>(overrides);
        for (LimitTerms limit : limits) {
            if (merged.stream().noneMatch(limit::isReplacedBy)) {
                merged.add(limit);
            }
        }
        Set<String> withOverrides = new HashSet<>(accounted);
        withOverrides.addAll(billed(payer, merged));
        return new PlanTerms(planId, version, payer, merged, allocations, reportAll, withOverrides);
    }

    private static Set<String> billed(Subject.Kind payer, List<LimitTerms> limits) {
        return limits.stream()
                .filter(limit -> bills(payer, limit))
                .map(LimitTerms::meter)
                .collect(Collectors.toSet());
    }

    private static boolean bills(Subject.Kind payer, LimitTerms limit) {
        Scope payerScope = payer == Subject.Kind.ORG ? Scope.ORG : Scope.USER;
        return limit.scope() == payerScope && limit.window() == Window.PERIOD && limit.beyond() == Beyond.BILL;
    }

    /** The allocation of a meter. */
    public Optional<AllocationTerms> allocation(String meter) {
        return allocations.stream().filter(a -> a.meter().equals(meter)).findFirst();
    }

    /** Whether use of a meter is covered by an allocation or billed, or would be but for an override, so that each unit must be accounted for. */
    public boolean charges(String meter) {
        return reportAll || allocation(meter).isPresent() || accounted.contains(meter);
    }

    /** Whether usage beyond what a period includes is billed; otherwise it is excess. */
    public boolean bills(String meter) {
        for (LimitTerms limit : limits) {
            if (limit.meter().equals(meter) && bills(payer, limit)) {
                return true;
            }
        }
        return false;
    }
}
