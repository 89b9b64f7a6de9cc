package dev.tally.streams.topology;

import dev.tally.keys.Keys;
import dev.tally.keys.Subject;
import dev.tally.schemas.BillableFact;
import dev.tally.schemas.BillingSlot;
import dev.tally.schemas.FactKind;
import dev.tally.streams.metering.Coverage;
import dev.tally.streams.metering.FactIdentifier;
import dev.tally.streams.metering.PlanTerms;
import dev.tally.streams.metering.SubscriptionTerms;
import dev.tally.streams.state.HeapCells;
import dev.tally.streams.state.HeapCells.Cell;
import dev.tally.streams.state.HeapCells.Layout;
import dev.tally.streams.state.IntervalCharge;
import dev.tally.streams.state.PeriodCharges;
import dev.tally.streams.state.StoreKey;
import dev.tally.streams.state.WriteBackStore;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * Covers a payer's usage from the period's allocation and closes billing intervals into facts. What an interval has billed is state, so a
 * later arrival emits only the difference, as the interval's next revision.
 */
final class Charges {

    private static final int CLOSE_PER_TICK = 5_000;
    private static final int RELEASE_AT_ONCE = 1_000;
    private static final int KEEP_INTERVALS = 50_000;
    private static final int KEEP_PERIODS = 50_000;
    private static final byte[] PRESENT = {};

    private final KeyValueStore<Bytes, byte[]> openIntervals;
    private final WriteBackStore storedIntervals;
    private final HeapCells<IntervalCharge> intervals;
    private final HeapCells<PeriodCharges> periods;
    private final AccountTerms catalogue;
    private final AccountClock clock;
    private final AccountSettings settings;
    private final BiConsumer<String, Message> out;

    Charges(
            AccountStores stores,
            AccountTerms catalogue,
            AccountClock clock,
            AccountSettings settings,
            BiConsumer<String, Message> out) {
        openIntervals = stores.openIntervals();
        storedIntervals = stores.intervals();
        intervals = new HeapCells<>(
                storedIntervals,
                new Layout<>(IntervalCharge::toBytes, IntervalCharge::fromBytes, IntervalCharge.NONE),
                KEEP_INTERVALS);
        storedIntervals.overlay(intervals);
        periods = new HeapCells<>(
                stores.charges(),
                new Layout<>(PeriodCharges::toBytes, PeriodCharges::fromBytes, PeriodCharges.NONE),
                KEEP_PERIODS);
        stores.charges().overlay(periods);
        this.catalogue = catalogue;
        this.clock = clock;
        this.settings = settings;
        this.out = out;
    }

    /** A payer's meter in one interval. */
    private record Account(Subject payer, String meter, Instant start) {
        Bytes key() {
            return IntervalCharge.key(payer.text(), meter)
                    .number(start.toEpochMilli())
                    .bytes();
        }

        Bytes openKey(Instant end) {
            return IntervalCharge.openKey(end, payer.text(), meter, start).bytes();
        }
    }

    void charge(Subject payer, String meter, long amount, BillingSlot slot) {
        Optional<PlanTerms> plan = catalogue.plan(slot.getPlanId(), slot.getPlanVersion());
        if (plan.isPresent() && !plan.get().charges(meter)) {
            return;
        }
        Account account = new Account(payer, meter, slot.getIntervalStart());
        Cell<IntervalCharge> interval = intervals.cell(account.key());
        boolean isNew = isNone(interval);
        IntervalCharge before = isNew
                ? new IntervalCharge(
                        slot.getIntervalEnd(),
                        slot.getPeriodStart(),
                        slot.getPeriodEnd(),
                        slot.getPlanId(),
                        slot.getPlanVersion(),
                        0,
                        0,
                        0,
                        0)
                : interval.value();
        IntervalCharge after = plan.isPresent()
                ? before.plusBillable(billable(account, plan.get(), amount, before))
                : before.plusUnrated(amount);
        if (isNew && !after.owes()) {
            return;
        }
        intervals.set(interval, after);
        // One that owes already is open, or waits for its plan.
        if (after.owes() && !before.owes()) {
            openIntervals.put(account.openKey(after.end()), PRESENT);
        }
    }

    /** Covers an amount and says how much of it is to be billed. */
    private long billable(Account account, PlanTerms plan, long amount, IntervalCharge interval) {
        Cell<PeriodCharges> period = period(account.payer(), account.meter(), interval.periodStart());
        Coverage before = period.value().covered();
        long allocation = allocation(account.payer(), account.meter(), plan);
        Coverage now = Coverage.of(amount, allocation, before.included(), plan.bills(account.meter()));
        periods.set(period, new PeriodCharges(before.plus(now)));
        return plan.reportAll() ? amount : now.overage();
    }

    private Cell<PeriodCharges> period(Subject payer, String meter, Instant start) {
        return periods.cell(PeriodCharges.key(payer.text(), meter, start));
    }

    @SuppressWarnings("ReferenceEquality") // nothing else is this one object
    private static boolean isNone(Cell<IntervalCharge> interval) {
        return interval.value() == IntervalCharge.NONE;
    }

    private long allocation(Subject payer, String meter, PlanTerms plan) {
        return plan.allocation(meter).map(a -> a.amount(catalogue.seats(payer))).orElse(0L);
    }

    /** Whether a part of an amount, and not all of it, is covered by what is left of a period's allocation. */
    boolean allocationEnds(Subject payer, String meter, long amount, BillingSlot slot) {
        Optional<PlanTerms> plan = catalogue.plan(slot.getPlanId(), slot.getPlanVersion());
        if (plan.isEmpty() || plan.get().allocation(meter).isEmpty()) {
            return false;
        }
        long included =
                period(payer, meter, slot.getPeriodStart()).value().covered().included();
        long left = allocation(payer, meter, plan.get()) - included;
        return left > 0 && left < amount;
    }

    /** Emits a fact for each interval that ended before the intake's low watermark and owes one. */
    void closeIntervals() {
        Optional<Instant> watermark = clock.lowWatermark();
        if (watermark.isEmpty()) {
            return;
        }
        long closed = watermark.get().minus(settings.settle()).toEpochMilli();
        for (Bytes open : openUpTo(closed)) {
            StoreKey.Reader reader = new StoreKey.Reader(open);
            reader.number();
            close(
                    new Account(Subject.parse(reader.text()), reader.text(), Instant.ofEpochMilli(reader.number())),
                    open);
        }
    }

    private List<Bytes> openUpTo(long end) {
        return first(
                CLOSE_PER_TICK,
                StoreKey.key().number(Long.MIN_VALUE).bytes(),
                StoreKey.key().number(end + 1).bytes());
    }

    /** Opens the intervals again that were waiting for a plan which is now here. */
    void planArrived(String planId, int version) {
        StoreKey waiting = IntervalCharge.waitingKey(planId, version);
        int prefix = waiting.bytes().get().length;
        List<Bytes> some;
        do {
            some = first(RELEASE_AT_ONCE, waiting.bytes(), waiting.afterPrefix());
            for (Bytes key : some) {
                openIntervals.put(Bytes.wrap(Arrays.copyOfRange(key.get(), prefix, key.get().length)), PRESENT);
                openIntervals.delete(key);
            }
        } while (!some.isEmpty());
    }

    private List<Bytes> first(int most, Bytes from, Bytes to) {
        List<Bytes> found = new ArrayList<>();
        try (KeyValueIterator<Bytes, byte[]> entries = openIntervals.range(from, to)) {
            while (entries.hasNext() && found.size() < most) {
                found.add(entries.next().key);
            }
        }
        return found;
    }

    private void close(Account account, Bytes open) {
        Cell<IntervalCharge> interval = intervals.cell(account.key());
        if (isNone(interval)) {
            openIntervals.delete(open);
            return;
        }
        IntervalCharge charge = interval.value();
        if (charge.unrated() != 0) {
            Optional<PlanTerms> plan = catalogue.plan(charge.planId(), charge.planVersion());
            if (plan.isEmpty()) {
                // Nothing is billed at a guess: the interval waits for its plan, out of the way of the others.
                openIntervals.put(
                        IntervalCharge.waitingKey(charge.planId(), charge.planVersion())
                                .raw(open.get())
                                .bytes(),
                        PRESENT);
                openIntervals.delete(open);
                return;
            }
            long amount = charge.unrated();
            charge = charge.rated();
            if (plan.get().charges(account.meter())) {
                charge = charge.plusBillable(billable(account, plan.get(), amount, charge));
            }
        }
        if (charge.owes()) {
            out.accept(account.payer().text(), new Message.Fact(fact(account, charge)));
            charge = charge.emitted();
        }
        intervals.set(interval, charge);
        openIntervals.delete(open);
    }

    /**
     * Removes what is kept of a period that no action can reach any more. What is owed for a plan that has never come stays, with what
     * covers it: the plan may still come.
     *
     * @return false where something of it has changed since the last commit, so that it is to be tried again after the next
     */
    boolean expire(String payer, String meter, Instant start, Instant end) {
        List<Bytes> keys = new ArrayList<>();
        try (KeyValueIterator<Bytes, byte[]> range = storedIntervals.storedRange(
                IntervalCharge.key(payer, meter).number(start.toEpochMilli()).bytes(),
                IntervalCharge.key(payer, meter).number(end.toEpochMilli() - 1).bytes())) {
            range.forEachRemaining(entry -> keys.add(entry.key));
        }
        Bytes period = PeriodCharges.key(payer, meter, start);
        if (periods.isChanged(period) || keys.stream().anyMatch(intervals::isChanged)) {
            return false;
        }
        if (keys.stream().noneMatch(key -> intervals.cell(key).value().owes())) {
            keys.forEach(intervals::remove);
            periods.remove(period);
        }
        return true;
    }

    /** Writes back what has changed since the last time. */
    void writeBack() {
        intervals.writeBack((cell, before) -> {});
        periods.writeBack((cell, before) -> {});
    }

    private BillableFact fact(Account account, IntervalCharge charge) {
        String payer = account.payer().text();
        return new BillableFact(
                FactIdentifier.of(
                        settings.environment(),
                        settings.installation(),
                        account.payer(),
                        account.meter(),
                        account.start(),
                        charge.revision()),
                settings.environment(),
                payer,
                catalogue
                        .subscription(account.payer())
                        .map(SubscriptionTerms::stripeCustomerId)
                        .orElse(null),
                account.meter(),
                catalogue.stripeEventName(account.meter()),
                account.start(),
                charge.end(),
                timestamp(account.start(), charge),
                clock.nextSequence(payer, account.meter()),
                charge.revision(),
                Math.subtractExact(charge.billable(), charge.billed()),
                charge.revision() == 0 ? FactKind.USAGE : FactKind.CORRECTION,
                charge.periodStart(),
                charge.periodEnd(),
                null,
                Keys.plan(charge.planId(), charge.planVersion()));
    }

    /** Inside the interval, and while there are minutes left at one that no other revision has. */
    private static Instant timestamp(Instant start, IntervalCharge charge) {
        long lastMinute = Math.max(0, Duration.between(start, charge.end()).toMinutes() - 1);
        return start.plus(Duration.ofMinutes(Math.min(charge.revision(), lastMinute)));
    }
}
