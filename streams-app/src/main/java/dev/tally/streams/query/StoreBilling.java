package dev.tally.streams.query;

import dev.tally.keys.Subject;
import dev.tally.streams.metering.Amounts;
import dev.tally.streams.metering.BillingCalendar;
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
import dev.tally.streams.state.CatalogueView;
import dev.tally.streams.state.Freshness.Stage;
import dev.tally.streams.state.IntervalCharge;
import dev.tally.streams.state.PeriodCharges;
import dev.tally.streams.state.StoreKey;
import dev.tally.streams.state.StoreNames;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;

/** Answers about money and plans from the stores of the accounts stage. */
final class StoreBilling {

    private static final int COUNT_UP_TO = 100_000;

    private final LocalStores stores;
    private final CatalogueView catalogue;
    private final Function<Subject, AccountCatalogue> accounts;

    StoreBilling(LocalStores stores, CatalogueView catalogue, Function<Subject, AccountCatalogue> accounts) {
        this.stores = stores;
        this.catalogue = catalogue;
        this.accounts = accounts;
    }

    /**
     * The period that an instant lies in.
     *
     * @param now of a period that is over, the plan and the grants that were in force last count; of the current one those in force now
     */
    Answer<BillingPeriod> period(Subject subject, Instant in, Instant now) {
        AccountCatalogue terms = accounts.apply(subject);
        Optional<SubscriptionTerms> subscription = terms.subscription(subject);
        if (subscription.isEmpty()) {
            return new Answer.Absent<>(subject.text() + " has no plan in force at " + in);
        }
        Period period = BillingCalendar.period(subscription.get().anchor(), in);
        Optional<Instant> oldest = stores.oldestPeriod(subject);
        if (oldest.filter(period.start()::isBefore).isPresent()) {
            return new Answer.OutOfRetention<>(firstDay(subscription.get().anchor(), oldest.get()));
        }
        Instant at = newest(period, in, now);
        Optional<PlanTerms> plan = subscription
                .get()
                .phaseAt(at)
                .flatMap(phase -> terms.plan(phase.planId(), phase.version()))
                .map(inForce -> inForce.with(subscription.get().overrides()));
        if (plan.isEmpty()) {
            return new Answer.Absent<>(subject.text() + " has no plan in force at " + at);
        }
        List<BillingPeriod.MeterCharges> meters = new ArrayList<>();
        for (MeterDefinition meter : catalogue.meters().meters()) {
            String id = meter.meterId();
            PeriodCharges charges = charges(subject, id, period);
            // Also what an earlier plan of the period has charged.
            if (plan.get().charges(id)
                    || !terms.grants(subject, id).isEmpty()
                    || charges.covered().total() > 0) {
                AllocationTerms allocation = plan.get().allocation(id).orElse(AllocationTerms.NONE);
                Pool pool = pool(subject, id, allocation, period, charges, at);
                meters.add(charges(subject, id, pool, period, charges.burns()));
            }
        }
        return stores.ofAccount(
                subject,
                new BillingPeriod(
                        subject,
                        period.start(),
                        period.end(),
                        plan.get().planId() + "@" + plan.get().version(),
                        terms.seats(subject),
                        subscription.get().stripeCustomerId(),
                        meters));
    }

    /** The first day whose midnight lies in a period that began at some time or later. */
    private static LocalDate firstDay(Instant anchor, Instant oldest) {
        Period around = BillingCalendar.period(anchor, oldest);
        Instant begin = around.start().isBefore(oldest) ? around.end() : around.start();
        Period day = BillingCalendar.day(begin);
        return LocalDate.ofInstant(begin.equals(day.start()) ? begin : day.end(), ZoneOffset.UTC);
    }

    private static Instant newest(Period period, Instant in, Instant now) {
        if (period.contains(now)) {
            return now;
        }
        return now.isBefore(period.start()) ? in : period.end().minusMillis(1);
    }

    private PeriodCharges charges(Subject subject, String meter, Period period) {
        byte[] charged = stores.account(subject, StoreNames.ACCOUNT_CHARGES)
                .get(PeriodCharges.key(subject.text(), meter, period.start()));
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
        AccountCatalogue terms = accounts.apply(subject);
        byte[] burned = stores.account(subject, StoreNames.ACCOUNT_GRANTS).get(BurnsCodec.key(subject.text(), meter));
        Burns burns = burned == null ? Burns.NONE : BurnsCodec.fromBytes(burned);
        return new Pool(
                allocation.amount(terms.seatPools(subject).seats(period.start(), terms.seats(subject))),
                burns.left(terms.grants(subject, meter), at),
                charges.covered(),
                charges.forgiven());
    }

    private BillingPeriod.MeterCharges charges(Subject subject, String meter, Pool pool, Period period, Burns burns) {
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
                unreported(subject, meter, period),
                new TreeMap<>(burns.byGrant())
                        .entrySet().stream()
                                .map(burn -> new BillingPeriod.GrantBurn(burn.getKey(), burn.getValue()))
                                .toList());
    }

    private long unreported(Subject subject, String meter, Period period) {
        StoreKey prefix = IntervalCharge.key(subject.text(), meter);
        long unreported = 0;
        try (KeyValueIterator<Bytes, byte[]> intervals = stores.account(subject, StoreNames.ACCOUNT_INTERVALS)
                .range(
                        prefix.copy().number(period.start().toEpochMilli()).bytes(),
                        prefix.copy().number(period.end().toEpochMilli() - 1).bytes())) {
            while (intervals.hasNext()) {
                IntervalCharge charge = IntervalCharge.fromBytes(intervals.next().value);
                unreported = Amounts.plus(unreported, charge.billable() - charge.billed());
            }
        }
        return unreported;
    }

    Answer<SubscriptionInForce> subscription(Subject subject) {
        // In force only where both stages have it.
        boolean atAccounts = accounts.apply(subject).subscription(subject).isPresent();
        Optional<SubscriptionTerms> terms = catalogue.subscription(subject);
        if (!atAccounts || terms.isEmpty()) {
            return new Answer.Absent<>(subject.text() + " has no subscription");
        }
        return stores.ofAccount(
                subject,
                new SubscriptionInForce(
                        subject,
                        terms.get().stripeCustomerId(),
                        terms.get().anchor(),
                        terms.get().phases().stream()
                                .map(p -> new SubscriptionInForce.PhaseInForce(
                                        p.planId(), p.version(), p.effectiveFrom()))
                                .toList()));
    }

    Answer<List<WaitingIntervals>> waitingIntervals() {
        List<WaitingIntervals> all = new ArrayList<>();
        for (int partition : stores.accountPartitions()) {
            all.add(new WaitingIntervals(
                    partition,
                    waiting(stores.partition(StoreNames.ACCOUNT_OPEN_INTERVALS, new Part(Stage.ACCOUNTS, partition)))));
        }
        return new Answer.Found<>(all, false);
    }

    private static long waiting(ReadOnlyKeyValueStore<Bytes, byte[]> openIntervals) {
        long waiting = 0;
        try (KeyValueIterator<Bytes, byte[]> entries = openIntervals.range(IntervalCharge.firstWaitingKey(), null)) {
            while (entries.hasNext() && waiting < COUNT_UP_TO) {
                entries.next();
                waiting++;
            }
        }
        return waiting;
    }
}
