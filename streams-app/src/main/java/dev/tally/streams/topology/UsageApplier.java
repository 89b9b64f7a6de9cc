package dev.tally.streams.topology;

import dev.tally.keys.Keys;
import dev.tally.keys.Subject;
import dev.tally.schemas.BillingSlot;
import dev.tally.schemas.UsagePart;
import dev.tally.schemas.UsageSnapshot;
import dev.tally.schemas.UsageSplit;
import dev.tally.schemas.UsageSum;
import dev.tally.schemas.UsageWindow;
import dev.tally.streams.metering.Amounts;
import dev.tally.streams.metering.BillingCalendar;
import dev.tally.streams.metering.EffectiveLimits;
import dev.tally.streams.metering.EffectiveLimits.EffectiveLimit;
import dev.tally.streams.metering.PlanTerms;
import dev.tally.streams.metering.Thresholds;
import dev.tally.streams.metering.Thresholds.Threshold;
import dev.tally.streams.state.HeapCells;
import dev.tally.streams.state.HeapCells.Cell;
import dev.tally.streams.state.HeapCells.Layout;
import dev.tally.streams.state.StoreKey;
import dev.tally.streams.state.Totals;
import dev.tally.streams.state.WindowKeys;
import dev.tally.streams.state.WindowKeys.Length;
import dev.tally.streams.state.WindowTotals;
import dev.tally.streams.state.WriteBackStore;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.apache.kafka.common.utils.Bytes;
import org.jspecify.annotations.Nullable;

/** Applies usage to a subject's windows and says what follows: at once the alerts it raises, at the commit the new totals. */
final class UsageApplier {

    private static final int KEEP = 100_000;
    private static final int MOST_STARTS = 1_000;

    private final HeapCells<WindowTotals> windows;
    private final AccountTerms terms;
    private final Charges charges;
    private final Splits splits;
    private final AccountClock clock;
    private final BiConsumer<String, Message> out;
    private final Map<Instant, String> startTexts = new HashMap<>();
    private List<String> latestMeters = List.of();

    UsageApplier(
            WriteBackStore windows,
            Splits splits,
            AccountTerms terms,
            Charges charges,
            AccountClock clock,
            BiConsumer<String, Message> out) {
        this.windows = new HeapCells<>(
                windows, new Layout<>(WindowTotals::toBytes, WindowTotals::fromBytes, WindowTotals.NONE), KEEP);
        windows.overlay(this.windows);
        this.splits = splits;
        this.terms = terms;
        this.charges = charges;
        this.clock = clock;
        this.out = out;
    }

    /** One window of the subject. */
    private record Target(Length length, Instant start, Instant end, Bytes key) {
        PlanTerms.Window window() {
            return UsageApplier.window(length);
        }
    }

    private static PlanTerms.Window window(Length length) {
        return switch (length) {
            case DAY -> PlanTerms.Window.DAY;
            case PERIOD -> PlanTerms.Window.PERIOD;
        };
    }

    /** A part of a sum, with the windows it goes to. */
    @SuppressWarnings("ArrayRecordComponent") // never compared, and never changed
    private record Part(boolean pays, @Nullable BillingSlot slot, List<Target> targets, long[] amounts, long[] newest) {
        boolean isCharged() {
            return pays && slot != null;
        }
    }

    void apply(UsageSum sum) {
        Application application = new Application(sum);
        if (application.orderMatters() && sum.getSteps().hasRemaining()) {
            application.inOrder(sum.getSteps());
        } else {
            application.atOnce(sum.getLastEventId());
        }
        if (application.subject.kind() == Subject.Kind.ORG) {
            for (UsageSplit split : sum.getSplits()) {
                splits.add(
                        sum.getSubject(),
                        split.getDay(),
                        split.getBy(),
                        split.getKey(),
                        application.meters,
                        unboxed(split.getAmounts()));
            }
        }
    }

    /** Writes the windows back, and tells what has changed in them since the last time. */
    void writeBack() {
        windows.writeBack((cell, before) -> tell(cell.key(), before.totals(), cell.value()));
    }

    /** Whether a window has more than was told of it. */
    boolean isChanged(Bytes window) {
        return windows.isChanged(window);
    }

    void expire(Bytes window) {
        windows.remove(window);
    }

    /** The same list as long as the meters are the same, so that totals need not compare them. */
    private List<String> meters(List<String> of) {
        if (!of.equals(latestMeters)) {
            latestMeters = List.copyOf(of);
        }
        return latestMeters;
    }

    private static long[] unboxed(List<Long> numbers) {
        long[] unboxed = new long[numbers.size()];
        for (int i = 0; i < unboxed.length; i++) {
            unboxed[i] = numbers.get(i);
        }
        return unboxed;
    }

    /** One sum on its way into the windows. */
    private final class Application {
        private final AccountTerms.Account account;
        private final Subject subject;
        private final List<String> meters;
        private final EffectiveLimits limits;
        private final List<Part> parts = new ArrayList<>();

        Application(UsageSum sum) {
            account = terms.account(sum.getSubject());
            subject = account.subject();
            meters = meters(sum.getMeters());
            limits = account.limits(clock.logTime());
            for (UsagePart part : sum.getParts()) {
                parts.add(part(account.text(), part));
            }
        }

        private Part part(String subjectText, UsagePart part) {
            List<Target> targets = new ArrayList<>(2);
            targets.add(new Target(
                    Length.DAY,
                    part.getDay(),
                    BillingCalendar.day(part.getDay()).end(),
                    WindowKeys.window(Length.DAY, part.getDay(), subjectText)));
            BillingSlot slot = part.getBilling();
            if (slot != null) {
                targets.add(new Target(
                        Length.PERIOD,
                        slot.getPeriodStart(),
                        slot.getPeriodEnd(),
                        WindowKeys.window(Length.PERIOD, slot.getPeriodStart(), subjectText)));
            }
            return new Part(part.getPays(), slot, targets, unboxed(part.getAmounts()), unboxed(part.getNewest()));
        }

        /** Whether the outcome depends on the order of the actions, so that adding up will not do. */
        boolean orderMatters() {
            return raisesAnything() || allocationEndsBetweenIntervals();
        }

        private boolean raisesAnything() {
            if (limits.all().isEmpty()) {
                return false;
            }
            Map<Bytes, long[]> more = new HashMap<>();
            for (Part part : parts) {
                for (Target target : part.targets()) {
                    if (part.pays() && raisesAnything(target, part, more)) {
                        return true;
                    }
                }
            }
            return false;
        }

        private boolean raisesAnything(Target target, Part part, Map<Bytes, long[]> more) {
            long[] sums = more.computeIfAbsent(target.key(), key -> new long[meters.size()]);
            WindowTotals window = windows.cell(target.key()).value();
            for (int i = 0; i < sums.length; i++) {
                if (part.amounts()[i] == 0) {
                    continue;
                }
                sums[i] = Amounts.plus(sums[i], part.amounts()[i]);
                String meter = meters.get(i);
                Optional<EffectiveLimit> limit = limits.own(subject, meter, target.window());
                if (limit.isPresent()
                        && !Thresholds.newlyPassed(
                                        limit.get().thresholds(),
                                        Amounts.plus(window.totals().limitUsed(meter), sums[i]),
                                        limit.get().amount(),
                                        window.raised(meter))
                                .isEmpty()) {
                    return true;
                }
            }
            return false;
        }

        /** Which interval is billed for what lies beyond the allocation depends on what came first. */
        private boolean allocationEndsBetweenIntervals() {
            if (parts.stream().filter(Part::isCharged).count() < 2) {
                return false;
            }
            for (int i = 0; i < meters.size(); i++) {
                long total = 0;
                for (Part part : parts) {
                    if (part.isCharged()) {
                        total = Amounts.plus(total, part.amounts()[i]);
                    }
                }
                for (Part part : parts) {
                    BillingSlot slot = part.slot();
                    if (part.pays() && slot != null && charges.allocationEnds(subject, meters.get(i), total, slot)) {
                        return true;
                    }
                }
            }
            return false;
        }

        void inOrder(ByteBuffer steps) {
            StepLog.Reader reader = new StepLog.Reader(steps, meters.size());
            while (reader.next()) {
                apply(parts.get(reader.part()), reader.amounts(), reader.eventId());
            }
        }

        void atOnce(String cause) {
            for (Part part : parts) {
                apply(part, part.amounts(), cause);
            }
        }

        private void apply(Part part, long[] amounts, String cause) {
            for (Target target : part.targets()) {
                Cell<WindowTotals> cell = windows.cell(target.key());
                Totals totals = cell.value().totals().plus(meters, amounts, part.pays(), part.newest());
                WindowTotals window = cell.value().with(target.end(), totals);
                windows.set(cell, part.pays() ? raise(target, window, amounts, cause) : window);
            }
            BillingSlot slot = part.slot();
            if (part.pays() && slot != null) {
                for (int i = 0; i < amounts.length; i++) {
                    if (amounts[i] > 0) {
                        charges.charge(subject, meters.get(i), amounts[i], slot);
                    }
                }
            }
        }

        private WindowTotals raise(Target target, WindowTotals before, long[] amounts, String cause) {
            WindowTotals window = before;
            for (int i = 0; i < amounts.length; i++) {
                if (amounts[i] > 0) {
                    String meter = meters.get(i);
                    Optional<EffectiveLimit> limit = limits.own(subject, meter, target.window());
                    if (limit.isPresent()) {
                        window = raise(target, window, meter, limit.get(), cause);
                    }
                }
            }
            return window;
        }

        private WindowTotals raise(
                Target target, WindowTotals window, String meter, EffectiveLimit limit, String cause) {
            long limitUsed = window.totals().limitUsed(meter);
            List<Threshold> passed =
                    Thresholds.newlyPassed(limit.thresholds(), limitUsed, limit.amount(), window.raised(meter));
            for (Threshold threshold : passed) {
                out.accept(
                        account.text(),
                        new Message.Alert(Alerts.of(
                                new Alerts.Cause(subject, meter, target.start(), target.end(), cause),
                                limit,
                                limitUsed,
                                threshold,
                                clock.logTime())));
            }
            return passed.isEmpty() ? window : window.raising(meter, passed);
        }
    }

    private void tell(Bytes key, Totals before, WindowTotals after) {
        StoreKey.Reader reader = new StoreKey.Reader(key);
        Length length = reader.tag() == Length.DAY.tag() ? Length.DAY : Length.PERIOD;
        Instant start = Instant.ofEpochMilli(reader.number());
        AccountTerms.Account account = terms.account(reader.text());
        EffectiveLimits limits = account.limits(clock.logTime());
        for (String meter : after.totals().meters()) {
            Totals.Total total = after.totals().of(meter).orElseThrow();
            if (before.of(meter).filter(total::equals).isEmpty()) {
                Long limit = limits.own(account.subject(), meter, window(length))
                        .map(EffectiveLimit::amount)
                        .orElse(null);
                out.accept(
                        Keys.usage(account.text(), meter, length.name(), startText(start)),
                        new Message.Snapshot(new UsageSnapshot(
                                account.text(),
                                meter,
                                length == Length.DAY ? UsageWindow.DAY : UsageWindow.PERIOD,
                                start,
                                after.end(),
                                total.used(),
                                total.limitUsed(),
                                limit,
                                total.asOf())));
            }
        }
    }

    /** There are few of them, and they are asked for again and again. */
    private String startText(Instant start) {
        if (startTexts.size() >= MOST_STARTS) {
            startTexts.clear();
        }
        return startTexts.computeIfAbsent(start, Instant::toString);
    }
}
