package dev.tally.streams.query;

import dev.tally.keys.Subject;
import dev.tally.streams.metering.Amounts;
import dev.tally.streams.metering.Burns;
import dev.tally.streams.metering.Coverage;
import dev.tally.streams.metering.MeterDefinition;
import dev.tally.streams.metering.Period;
import dev.tally.streams.metering.PlanTerms;
import dev.tally.streams.metering.PlanTerms.AllocationTerms;
import dev.tally.streams.metering.Pool;
import dev.tally.streams.metering.SubscriptionTerms;
import dev.tally.streams.state.AccountCatalogue;
import dev.tally.streams.state.BurnsCodec;
import dev.tally.streams.state.PeriodCharges;
import dev.tally.streams.state.StoreNames;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;

/** Billing periods as the accounts stage's stores have them, of subjects in the partition that these stores are of. */
public final class BillingView {

    private final AccountCatalogue terms;
    private final List<MeterDefinition> meters;
    private final Function<String, ReadOnlyKeyValueStore<Bytes, byte[]>> stores;
    private final PeriodCosts costs;

    /**
     * A view over one partition.
     *
     * @param terms the catalogue that it goes by
     * @param meters all there are
     * @param stores by name
     */
    public BillingView(
            AccountCatalogue terms,
            List<MeterDefinition> meters,
            Function<String, ReadOnlyKeyValueStore<Bytes, byte[]>> stores) {
        this.terms = terms;
        this.meters = List.copyOf(meters);
        this.stores = stores;
        this.costs = new PeriodCosts(terms, stores);
    }

    /**
     * A billing period.
     *
     * @param at of a period that is over, its last instant: the plan and the grants that were in force then count; else now
     * @return empty where no plan is in force at that time
     */
    public Optional<BillingPeriod> period(
            Subject subject, SubscriptionTerms subscription, Period period, Instant at, Instant now) {
        return subscription
                .phaseAt(at)
                .flatMap(phase -> terms.plan(phase.planId(), phase.version()))
                .map(inForce -> period(subject, subscription, inForce.with(subscription.overrides()), period, at, now));
    }

    private BillingPeriod period(
            Subject subject, SubscriptionTerms subscription, PlanTerms plan, Period period, Instant at, Instant now) {
        List<BillingPeriod.MeterCharges> rows = new ArrayList<>();
        List<PeriodCosts.MeteredUse> used = new ArrayList<>();
        for (MeterDefinition meter : meters) {
            String id = meter.meterId();
            PeriodCharges charges = charges(subject, id, period);
            // Also what an earlier plan of the period has charged, and what was carried into it.
            if (plan.charges(id)
                    || !terms.grants(subject, id).isEmpty()
                    || charges.covered().total() > 0
                    || !charges.carried().in().isEmpty()) {
                AllocationTerms allocation = plan.allocation(id).orElse(AllocationTerms.NONE);
                Pool pool = pool(subject, id, allocation, period, charges, at);
                IntervalSums intervals =
                        IntervalSums.of(stores.apply(StoreNames.ACCOUNT_INTERVALS), subject.text(), id, period);
                rows.add(row(id, pool, intervals.unreported(), charges.burns()));
                used.add(new PeriodCosts.MeteredUse(id, pool, intervals.billable(), charges.carried()));
            }
        }
        return new BillingPeriod(
                subject,
                period.start(),
                period.end(),
                plan.planId() + "@" + plan.version(),
                terms.seats(subject),
                subscription.stripeCustomerId(),
                rows,
                costs.of(subscription, plan, period, used, now).orElse(null));
    }

    private PeriodCharges charges(Subject subject, String meter, Period period) {
        byte[] charged =
                stores.apply(StoreNames.ACCOUNT_CHARGES).get(PeriodCharges.key(subject.text(), meter, period.start()));
        return charged == null ? PeriodCharges.NONE : PeriodCharges.fromBytes(charged);
    }

    /**
     * Where a pool stands in a period.
     *
     * @param at the grants in force then count
     */
    Pool pool(Subject subject, String meter, AllocationTerms allocation, Period period, Instant at) {
        return pool(subject, meter, allocation, period, charges(subject, meter, period), at);
    }

    private Pool pool(
            Subject subject,
            String meter,
            AllocationTerms allocation,
            Period period,
            PeriodCharges charges,
            Instant at) {
        byte[] burned = stores.apply(StoreNames.ACCOUNT_GRANTS).get(BurnsCodec.key(subject.text(), meter));
        Burns burns = burned == null ? Burns.NONE : BurnsCodec.fromBytes(burned);
        return new Pool(
                allocation.amount(terms.seatPools(subject).seats(period.start(), terms.seats(subject))),
                burns.left(terms.grants(subject, meter), at),
                charges.covered(),
                charges.forgiven());
    }

    private static BillingPeriod.MeterCharges row(String meter, Pool pool, long unreported, Burns burns) {
        Coverage covered = pool.covered();
        return new BillingPeriod.MeterCharges(
                meter,
                // An earlier plan of the period can have included more than the present one does.
                Math.max(pool.allocation(), covered.included()),
                Amounts.plus(covered.granted(), pool.grantsLeft()),
                covered.total(),
                Math.max(0, pool.allocation() - covered.included()),
                pool.grantsLeft(),
                covered.overage(),
                covered.excess(),
                unreported,
                new TreeMap<>(burns.byGrant())
                        .entrySet().stream()
                                .map(burn -> new BillingPeriod.GrantBurn(burn.getKey(), burn.getValue()))
                                .toList());
    }
}
