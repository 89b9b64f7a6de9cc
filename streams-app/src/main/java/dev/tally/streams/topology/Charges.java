package dev.tally.streams.topology;

import dev.tally.keys.Keys;
import dev.tally.schemas.BillableFact;
import dev.tally.schemas.BillingSlot;
import dev.tally.schemas.FactKind;
import dev.tally.streams.metering.BillingCalendar;
import dev.tally.streams.metering.Coverage;
import dev.tally.streams.metering.FactIdentifier;
import dev.tally.streams.metering.Period;
import dev.tally.streams.metering.PlanTerms;
import dev.tally.streams.metering.SubscriptionTerms;
import dev.tally.streams.state.HeapCells;
import dev.tally.streams.state.HeapCells.Cell;
import dev.tally.streams.state.HeapCells.Layout;
import dev.tally.streams.state.IntervalCharge;
import dev.tally.streams.state.PeriodCharges;
import dev.tally.streams.state.StoreKey;
import dev.tally.streams.state.WriteBackStore;
import dev.tally.streams.topology.AccountTerms.Account;
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
    private static final byte[] PRESENT = {};

    /** What reaches Stripe needs time to get there before the invoice is final. */
    private static final Duration INVOICE_MARGIN = Duration.ofMinutes(10);

    private static final Duration MINUTE = Duration.ofMinutes(1);

    private final KeyValueStore<Bytes, byte[]> openIntervals;
    private final WriteBackStore storedIntervals;
    private final HeapCells<IntervalCharge> intervals;
    private final Pools pools;
    private final AccountTerms catalogue;
    private final AccountClock clock;
    private final AccountSettings settings;
    private final BiConsumer<String, Message> out;

    Charges(
            AccountStores stores,
            Pools pools,
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
        this.pools = pools;
        this.catalogue = catalogue;
        this.clock = clock;
        this.settings = settings;
        this.out = out;
    }

    /** A payer's meter in one interval. */
    private record Slot(Account payer, String meter, Instant start) {
        Bytes key() {
            return IntervalCharge.key(payer.text(), meter)
                    .number(start.toEpochMilli())
                    .bytes();
        }

        Bytes openKey(Instant end) {
            return IntervalCharge.openKey(end, payer.text(), meter, start).bytes();
        }
    }

    /**
     * Charges usage to its payer.
     *
     * @param at event time of the action; of several that are charged at once any of theirs
     */
    void charge(Account payer, String meter, long amount, BillingSlot billing, Instant at) {
        Optional<PlanTerms> plan = payer.plan(billing.getPlanId(), billing.getPlanVersion());
        if (plan.isPresent() && !pools.charges(payer, meter, plan.get())) {
            return;
        }
        Slot slot = new Slot(payer, meter, billing.getIntervalStart());
        Cell<IntervalCharge> interval = intervals.cell(slot.key());
        boolean isNew = interval.value().isUntouched();
        IntervalCharge before = isNew
                ? new IntervalCharge(
                        billing.getIntervalEnd(),
                        billing.getPeriodStart(),
                        billing.getPeriodEnd(),
                        billing.getPlanId(),
                        billing.getPlanVersion(),
                        0,
                        0,
                        0,
                        interval.value().revision())
                : interval.value();
        IntervalCharge after = plan.isPresent()
                ? before.plusBillable(billable(slot, plan.get(), amount, before.periodStart(), at))
                : before.plusUnrated(amount);
        if (isNew && !after.owes()) {
            return;
        }
        intervals.set(interval, after);
        // One that owes already is open, or waits for its plan.
        if (after.owes() && !before.owes()) {
            openIntervals.put(slot.openKey(after.end()), PRESENT);
        }
    }

    /** Covers an amount and says how much of it is to be billed. */
    private long billable(Slot slot, PlanTerms plan, long amount, Instant periodStart, Instant at) {
        Coverage coverage = pools.cover(slot.payer(), slot.meter(), plan, amount, periodStart, at);
        // What comes after a cancellation is never billed, also under a plan that reports every unit.
        boolean all = plan.reportAll() && !pools.isCanceled(slot.payer(), at);
        return all ? amount : coverage.overage();
    }

    /** Whether a part of an amount, and not all of it, is covered by what is left of a period's allocation. */
    boolean allocationEnds(Account payer, String meter, long amount, BillingSlot slot) {
        return payer.plan(slot.getPlanId(), slot.getPlanVersion())
                .filter(plan -> pools.endsWithin(payer, meter, plan, amount, slot.getPeriodStart()))
                .isPresent();
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
            close(slot(reader), open);
        }
    }

    /** Emits, without waiting for the rest of their time, what a payer's intervals owe: its subscription has ended. */
    void closeAll(Account payer) {
        List<Slot> owing = new ArrayList<>();
        StoreKey prefix = StoreKey.key().text(payer.text());
        try (KeyValueIterator<Bytes, byte[]> all = storedIntervals.range(prefix.bytes(), prefix.afterPrefix())) {
            while (all.hasNext()) {
                Slot slot = slot(new StoreKey.Reader(all.next().key));
                if (intervals.cell(slot.key()).value().owes()) {
                    owing.add(slot);
                }
            }
        }
        owing.forEach(slot ->
                close(slot, slot.openKey(intervals.cell(slot.key()).value().end())));
    }

    private Slot slot(StoreKey.Reader reader) {
        return new Slot(catalogue.account(reader.text()), reader.text(), Instant.ofEpochMilli(reader.number()));
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

    private void close(Slot slot, Bytes open) {
        Cell<IntervalCharge> interval = intervals.cell(slot.key());
        if (interval.value().isUntouched()) {
            openIntervals.delete(open);
            return;
        }
        IntervalCharge charge = interval.value();
        if (charge.unrated() != 0) {
            Optional<PlanTerms> plan = slot.payer().plan(charge.planId(), charge.planVersion());
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
            if (pools.charges(slot.payer(), slot.meter(), plan.get())) {
                charge = charge.plusBillable(billable(slot, plan.get(), amount, charge.periodStart(), slot.start()));
            }
        }
        if (charge.owes()) {
            long amount = pools.stillToBill(
                    slot.payer(),
                    slot.meter(),
                    charge.periodStart(),
                    Math.subtractExact(charge.billable(), charge.billed()));
            if (amount == 0) {
                charge = charge.settled();
            } else {
                BillableFact fact = fact(slot, charge, amount);
                noteCarried(slot.payer(), fact);
                out.accept(slot.payer().text(), new Message.Fact(fact));
                charge = charge.emitted();
            }
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
        if (pools.isChanged(period) || keys.stream().anyMatch(intervals::isChanged)) {
            return false;
        }
        if (keys.stream().noneMatch(key -> intervals.cell(key).value().owes())) {
            keys.forEach(intervals::remove);
            pools.expire(period);
        }
        return true;
    }

    /** Writes back what has changed since the last time. */
    void writeBack() {
        intervals.writeBack((cell, before) -> {});
        pools.writeBack();
    }

    /**
     * Takes note of a fact that was emitted before this state began: what it billed is not billed again, and its identifier, revision and
     * sequence are not used again. Facts come in the order in which they were emitted; one that is known already changes nothing.
     */
    void emittedBefore(BillableFact fact) {
        Account payer = catalogue.account(fact.getPayer());
        Cell<IntervalCharge> interval = intervals.cell(new Slot(payer, fact.getMeter(), fact.getIntervalStart()).key());
        if (fact.getRevision() < interval.value().revision()) {
            return;
        }
        intervals.set(interval, interval.value().emittedBefore(fact.getRevision() + 1));
        noteCarried(payer, fact);
        Instant origin = fact.getOriginPeriodStart();
        pools.billedBefore(payer, fact.getMeter(), origin == null ? fact.getPeriodStart() : origin, fact.getAmount());
        clock.sequenceFrom(fact.getPayer(), fact.getMeter(), fact.getSequence());
    }

    private void noteCarried(Account payer, BillableFact fact) {
        Instant origin = fact.getOriginPeriodStart();
        if (origin != null) {
            pools.carried(
                    payer,
                    fact.getMeter(),
                    origin,
                    fact.getCatalogVersion(),
                    fact.getPeriodStart(),
                    planAt(payer, fact.getTimestamp()).orElse(fact.getCatalogVersion()),
                    fact.getAmount());
        }
    }

    /** What Stripe's price for a meter event at an instant is that of. */
    private static Optional<String> planAt(Account payer, Instant at) {
        return payer.subscription()
                .flatMap(subscription -> subscription.phaseAt(at))
                .map(phase -> Keys.plan(phase.planId(), phase.version()));
    }

    private BillableFact fact(Slot slot, IntervalCharge charge, long amount) {
        String payer = slot.payer().text();
        Optional<Period> carriedInto = carriedInto(slot, charge);
        boolean first = charge.revision() == 0 && carriedInto.isEmpty();
        return new BillableFact(
                FactIdentifier.of(
                        settings.environment(),
                        settings.installation(),
                        slot.payer().subject(),
                        slot.meter(),
                        slot.start(),
                        charge.revision()),
                settings.environment(),
                payer,
                slot.payer()
                        .subscription()
                        .map(SubscriptionTerms::stripeCustomerId)
                        .orElse(null),
                slot.meter(),
                catalogue.stripeEventName(slot.meter()),
                slot.start(),
                charge.end(),
                carriedInto.map(this::timestampWithin).orElseGet(() -> timestamp(slot.start(), charge)),
                clock.nextSequence(payer, slot.meter()),
                charge.revision(),
                amount,
                first ? FactKind.USAGE : FactKind.CORRECTION,
                carriedInto.map(Period::start).orElse(charge.periodStart()),
                carriedInto.map(Period::end).orElse(charge.periodEnd()),
                carriedInto.isPresent() ? charge.periodStart() : null,
                Keys.plan(charge.planId(), charge.planVersion()));
    }

    /** The open period, where the invoice of the interval's own is final, or may be before the fact reaches it. */
    private Optional<Period> carriedInto(Slot slot, IntervalCharge charge) {
        Instant lastChance = charge.periodEnd().plus(settings.invoiceGrace()).minus(INVOICE_MARGIN);
        if (clock.logTime().isBefore(lastChance)) {
            return Optional.empty();
        }
        return slot.payer()
                .subscription()
                .map(subscription -> BillingCalendar.period(subscription.anchor(), clock.logTime()));
    }

    /**
     * The last minute of the interval before the present one, which no first fact of an interval has to itself (see {@link #timestamp}):
     * what Stripe's sum over a minute says of the fact that has it must hold. A period in its first interval has none but the present.
     */
    private Instant timestampWithin(Period period) {
        Instant now = clock.logTime();
        Instant lastMinute = BillingCalendar.interval(period, settings.billingInterval(), now)
                .start()
                .minus(MINUTE);
        return lastMinute.isBefore(period.start()) ? now : lastMinute;
    }

    /** Inside the interval, and while there are minutes left at one that no other revision has. */
    private static Instant timestamp(Instant start, IntervalCharge charge) {
        long lastMinute = Math.max(0, Duration.between(start, charge.end()).toMinutes() - 1);
        return start.plus(Duration.ofMinutes(Math.min(charge.revision(), lastMinute)));
    }
}
