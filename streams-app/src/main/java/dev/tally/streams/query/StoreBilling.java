package dev.tally.streams.query;

import dev.tally.keys.Subject;
import dev.tally.streams.metering.BillingCalendar;
import dev.tally.streams.metering.Period;
import dev.tally.streams.metering.PlanTerms.AllocationTerms;
import dev.tally.streams.metering.Pool;
import dev.tally.streams.metering.SubscriptionTerms;
import dev.tally.streams.state.AccountCatalogue;
import dev.tally.streams.state.CatalogueView;
import dev.tally.streams.state.Freshness.Stage;
import dev.tally.streams.state.IntervalCharge;
import dev.tally.streams.state.StoreNames;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
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

    /**
     * The period that an instant lies in.
     *
     * @param now of a period that is over, the plan and the grants that were in force last count; of the current one those in force now
     */
    Answer<BillingPeriod> period(Subject subject, Instant in, Instant now) {
        AccountCatalogue terms = accounts.apply(subject);
        Optional<SubscriptionTerms> subscription = terms.subscription(subject);
        if (subscription.isEmpty()) {
            return stores.absentOfAccount(subject, subject.text() + " has no plan in force at " + in);
        }
        Period period = BillingCalendar.period(subscription.get().anchor(), in);
        Optional<Instant> oldest = stores.oldestPeriod(subject);
        if (oldest.filter(period.start()::isBefore).isPresent()) {
            return new Answer.OutOfRetention<>(firstDay(subscription.get().anchor(), oldest.get()));
        }
        Instant at = newest(period, in, now);
        return view(subject, terms)
                .period(subject, subscription.get(), period, at, now)
                .map(billing -> stores.ofAccount(subject, billing))
                .orElseGet(() -> stores.absentOfAccount(subject, subject.text() + " has no plan in force at " + at));
    }

    private BillingView view(Subject subject, AccountCatalogue terms) {
        return new BillingView(terms, catalogue.meters().meters(), store -> stores.account(subject, store));
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

    /**
     * Where a pool stands in a period.
     *
     * @param at the grants in force then count
     */
    Pool pool(Subject subject, String meter, AllocationTerms allocation, Period period, Instant at) {
        return view(subject, accounts.apply(subject)).pool(subject, meter, allocation, period, at);
    }

    Answer<SubscriptionInForce> subscription(Subject subject) {
        // In force only where both stages have it.
        boolean atAccounts = accounts.apply(subject).subscription(subject).isPresent();
        Optional<SubscriptionTerms> terms = catalogue.subscription(subject);
        if (!atAccounts || terms.isEmpty()) {
            return stores.absentOfAccount(subject, subject.text() + " has no subscription");
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
