package dev.tally.streams.topology;

import dev.tally.streams.metering.Amounts;
import dev.tally.streams.metering.Burns;
import dev.tally.streams.metering.Coverage;
import dev.tally.streams.metering.EffectiveLimits.EffectiveLimit;
import dev.tally.streams.metering.GrantTerms;
import dev.tally.streams.metering.PlanTerms;
import dev.tally.streams.metering.PlanTerms.AllocationTerms;
import dev.tally.streams.metering.Pool;
import dev.tally.streams.metering.SubscriptionTerms;
import dev.tally.streams.state.BurnsCodec;
import dev.tally.streams.state.HeapCells;
import dev.tally.streams.state.HeapCells.Cell;
import dev.tally.streams.state.HeapCells.Layout;
import dev.tally.streams.state.PeriodCharges;
import dev.tally.streams.state.WriteBackStore;
import dev.tally.streams.topology.AccountTerms.Account;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.common.utils.Bytes;

/** Covers payers' usage from grants and from what their periods include, in the order in which it is processed; nothing is burned twice. */
final class Pools {

    private static final int KEEP = 50_000;

    private final HeapCells<PeriodCharges> periods;
    private final HeapCells<Burns> burns;
    private final AccountClock clock;

    Pools(WriteBackStore charges, WriteBackStore grants, AccountClock clock) {
        periods = new HeapCells<>(
                charges, new Layout<>(PeriodCharges::toBytes, PeriodCharges::fromBytes, PeriodCharges.NONE), KEEP);
        charges.overlay(periods);
        burns = new HeapCells<>(grants, new Layout<>(BurnsCodec::toBytes, BurnsCodec::fromBytes, Burns.NONE), KEEP);
        grants.overlay(burns);
        this.clock = clock;
    }

    /** Whether usage of a meter is to be accounted for. */
    boolean charges(Account payer, String meter, PlanTerms plan) {
        return plan.charges(meter) || !payer.grants(meter).isEmpty();
    }

    /**
     * Covers usage.
     *
     * @param plan in force at the time of the action
     * @param at event time of the action
     */
    Coverage cover(Account payer, String meter, PlanTerms plan, long amount, Instant periodStart, Instant at) {
        Cell<PeriodCharges> cell = period(payer, meter, periodStart);
        PeriodCharges period = cell.value();
        if (period.poolSeen() < 0) {
            period = period.seeing(limit(payer, meter, periodStart, period));
        }
        Coverage coverage;
        List<Burns.Burn> taken = List.of();
        if (isCanceled(payer, at)) {
            coverage = Coverage.allExcess(amount);
        } else {
            List<GrantTerms> grants = payer.grants(meter);
            if (!grants.isEmpty()) {
                Cell<Burns> burned = burns(payer, meter);
                taken = burned.value().take(amount, grants, at);
                if (!taken.isEmpty()) {
                    burns.set(burned, burned.value().plus(taken));
                }
            }
            coverage = Coverage.of(
                    amount,
                    taken.stream().mapToLong(Burns.Burn::amount).sum(),
                    left(payer, meter, plan, periodStart, period.covered()),
                    overageLeft(payer, meter, plan, period.covered()));
        }
        periods.set(cell, period.plus(coverage, taken, outOfForce(payer.grants(meter), taken)));
        return coverage;
    }

    /** What was taken from grants that by now are out of force: the pool has it in what is covered only, not in what was left. */
    private long outOfForce(List<GrantTerms> grants, List<Burns.Burn> taken) {
        Instant now = clock.logTime();
        long amount = 0;
        for (Burns.Burn burn : taken) {
            for (GrantTerms grant : grants) {
                if (grant.grantId().equals(burn.grantId()) && !grant.isInForce(now)) {
                    amount += burn.amount();
                }
            }
        }
        return amount;
    }

    /** Whether a payer's subscription had ended when an action took place. */
    boolean isCanceled(Account payer, Instant at) {
        return payer.canceledAt().filter(since -> !at.isBefore(since)).isPresent();
    }

    private static long left(Account payer, String meter, PlanTerms plan, Instant periodStart, Coverage covered) {
        return plan.allocation(meter)
                .map(allocation -> allocation.amount(payer.poolSeats(periodStart)) - covered.included())
                .orElse(0L);
    }

    private static long overageLeft(Account payer, String meter, PlanTerms plan, Coverage covered) {
        if (!plan.bills(meter)) {
            return 0;
        }
        Long cap = payer.subscription().map(SubscriptionTerms::overageCap).orElse(null);
        return cap == null ? Long.MAX_VALUE : cap - covered.overage();
    }

    /** What more a period can take at the present log time before usage is excess: of grants, of its allocation and as overage. */
    long room(Account payer, String meter, PlanTerms plan, Instant periodStart) {
        Coverage covered = period(payer, meter, periodStart).value().covered();
        List<GrantTerms> grants = payer.grants(meter);
        long granted = grants.isEmpty() ? 0 : burns(payer, meter).value().left(grants, clock.logTime());
        long included = Math.max(0, left(payer, meter, plan, periodStart, covered));
        long overage = Math.max(0, overageLeft(payer, meter, plan, covered));
        return Amounts.plus(Amounts.plus(granted, included), overage);
    }

    /** Whether what covers a part of an amount differs from what covers the rest, so that it matters which comes first. */
    boolean endsWithin(Account payer, String meter, PlanTerms plan, long amount, Instant periodStart) {
        long left = left(
                payer,
                meter,
                plan,
                periodStart,
                period(payer, meter, periodStart).value().covered());
        return left > 0 && left < amount;
    }

    /** Whether what covers an action depends on its own time, or on more than the allocation. */
    boolean goesByAction(Account payer) {
        return payer.hasGrants()
                || payer.canceledAt().isPresent()
                || payer.subscription().map(SubscriptionTerms::overageCap).isPresent();
    }

    /**
     * Where the pool of a period stands at the present log time.
     *
     * @param limit one that follows a pool
     */
    Pool pool(Account payer, EffectiveLimit limit, AllocationTerms pool, Instant periodStart) {
        String meter = limit.terms().meter();
        return pool(
                payer,
                meter,
                pool,
                periodStart,
                period(payer, meter, periodStart).value());
    }

    private Pool pool(Account payer, String meter, AllocationTerms pool, Instant periodStart, PeriodCharges period) {
        List<GrantTerms> grants = payer.grants(meter);
        long grantsLeft = grants.isEmpty() ? 0 : burns(payer, meter).value().left(grants, clock.logTime());
        return new Pool(pool.amount(payer.poolSeats(periodStart)), grantsLeft, period.covered(), period.forgiven());
    }

    /** Looks at a pool after a change: what lay beyond it is not owed where it has been raised. */
    void look(Account payer, String meter, Instant periodStart) {
        Cell<PeriodCharges> cell = period(payer, meter, periodStart);
        if (cell.value().poolSeen() >= 0) {
            periods.set(cell, cell.value().seeing(limit(payer, meter, periodStart, cell.value())));
        }
    }

    /** What a pool allows at the present log time; 0 where there is none. */
    private long limit(Account payer, String meter, Instant periodStart, PeriodCharges period) {
        Instant now = clock.logTime();
        Optional<EffectiveLimit> limit = payer.limits(now).own(meter, PlanTerms.Window.PERIOD);
        AllocationTerms allocation = limit.map(EffectiveLimit::pool).orElse(null);
        return allocation == null
                ? 0
                : pool(payer, meter, allocation, periodStart, period).limit();
    }

    /** Takes note of what facts from before this state began have billed in a period. */
    void billedBefore(Account payer, String meter, Instant periodStart, long units) {
        Cell<PeriodCharges> cell = period(payer, meter, periodStart);
        PeriodCharges period = cell.value();
        periods.set(cell, period.withBilledBefore(Amounts.plus(period.billedBefore(), units)));
    }

    /**
     * What of an amount is still to be billed, and not what facts from before this state began have billed already. They count for the
     * period as a whole: its intervals may be others now, and what lies beyond its allocation may have come in another order.
     */
    long stillToBill(Account payer, String meter, Instant periodStart, long amount) {
        Cell<PeriodCharges> cell = period(payer, meter, periodStart);
        long billedBefore = cell.value().billedBefore();
        if (amount <= 0 || billedBefore <= 0) {
            return amount;
        }
        long billed = Math.min(amount, billedBefore);
        periods.set(cell, cell.value().withBilledBefore(billedBefore - billed));
        return amount - billed;
    }

    /**
     * Takes note of units that are charged in a later period than they were used in.
     *
     * @param usedUnder the plan that rated them
     * @param chargedUnder the plan in force where they are charged
     */
    void carried(
            Account payer,
            String meter,
            Instant usedIn,
            String usedUnder,
            Instant chargedIn,
            String chargedUnder,
            long units) {
        Cell<PeriodCharges> from = period(payer, meter, usedIn);
        periods.set(from, from.value().with(from.value().carried().plusOut(usedUnder, units)));
        Cell<PeriodCharges> into = period(payer, meter, chargedIn);
        periods.set(into, into.value().with(into.value().carried().plusIn(chargedUnder, units)));
    }

    private Cell<PeriodCharges> period(Account payer, String meter, Instant start) {
        return periods.cell(PeriodCharges.key(payer.text(), meter, start));
    }

    private Cell<Burns> burns(Account payer, String meter) {
        return burns.cell(BurnsCodec.key(payer.text(), meter));
    }

    /** Whether a period has more than was written back. */
    boolean isChanged(Bytes period) {
        return periods.isChanged(period);
    }

    void expire(Bytes period) {
        periods.remove(period);
    }

    void writeBack() {
        periods.writeBack((cell, before) -> {});
        burns.writeBack((cell, before) -> {});
    }
}
