package dev.tally.streams.query;

import dev.tally.keys.Subject;
import dev.tally.streams.metering.Amounts;
import dev.tally.streams.metering.BillingCalendar;
import dev.tally.streams.metering.Coverage;
import dev.tally.streams.metering.MeterDefinition;
import dev.tally.streams.metering.Period;
import dev.tally.streams.metering.PlanTerms;
import dev.tally.streams.metering.SubscriptionTerms;
import dev.tally.streams.state.AccountCatalogue;
import dev.tally.streams.state.CatalogueView;
import dev.tally.streams.state.IntervalCharge;
import dev.tally.streams.state.PeriodCharges;
import dev.tally.streams.state.StoreKey;
import dev.tally.streams.state.StoreNames;
import dev.tally.streams.state.WindowKeys.Length;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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

    Answer<BillingPeriod> period(Subject subject, Instant at) {
        AccountCatalogue terms = accounts.apply(subject);
        Optional<SubscriptionTerms> subscription = terms.subscription(subject);
        Optional<SubscriptionTerms.PhaseTerms> phase = subscription.flatMap(s -> s.phaseAt(at));
        Optional<PlanTerms> plan = phase.flatMap(p -> terms.plan(p.planId(), p.version()));
        if (subscription.isEmpty() || plan.isEmpty()) {
            return new Answer.Absent<>(subject.text() + " has no plan in force at " + at);
        }
        Period period = BillingCalendar.period(subscription.get().anchor(), at);
        long seats = terms.seats(subject);
        List<BillingPeriod.MeterCharges> meters = new ArrayList<>();
        for (MeterDefinition meter : catalogue.meters().meters()) {
            if (plan.get().charges(meter.meterId())) {
                meters.add(charges(subject, meter.meterId(), plan.get(), seats, period));
            }
        }
        return stores.ofAccount(
                subject,
                new BillingPeriod(
                        subject,
                        period.start(),
                        period.end(),
                        plan.get().planId() + "@" + plan.get().version(),
                        seats,
                        subscription.get().stripeCustomerId(),
                        meters));
    }

    private BillingPeriod.MeterCharges charges(
            Subject subject, String meter, PlanTerms plan, long seats, Period period) {
        Bytes key = PeriodCharges.key(subject.text(), meter, period.start());
        byte[] stored = stores.account(subject, StoreNames.ACCOUNT_CHARGES).get(key);
        Coverage covered =
                stored == null ? Coverage.NONE : PeriodCharges.fromBytes(stored).covered();
        long included = plan.allocation(meter).map(a -> a.amount(seats)).orElse(0L);
        long used = stores.window(subject, Length.PERIOD, period.start()).limitUsed(meter);
        return new BillingPeriod.MeterCharges(
                meter,
                included,
                0,
                used,
                Math.max(0, included - covered.included()),
                0,
                covered.overage(),
                covered.excess(),
                unreported(subject, meter, period));
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
                    partition, waiting(stores.partition(StoreNames.ACCOUNT_OPEN_INTERVALS, partition))));
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
