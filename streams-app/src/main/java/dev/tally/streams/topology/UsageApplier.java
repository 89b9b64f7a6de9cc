package dev.tally.streams.topology;

import dev.tally.keys.Keys;
import dev.tally.keys.Subject;
import dev.tally.schemas.AlertKind;
import dev.tally.schemas.BillingSlot;
import dev.tally.schemas.QuotaAlert;
import dev.tally.schemas.Scope;
import dev.tally.schemas.Severity;
import dev.tally.schemas.UsageRow;
import dev.tally.schemas.UsageSnapshot;
import dev.tally.schemas.UsageStep;
import dev.tally.schemas.UsageSum;
import dev.tally.schemas.UsageWindow;
import dev.tally.streams.metering.BillingCalendar;
import dev.tally.streams.metering.EffectiveLimits;
import dev.tally.streams.metering.EffectiveLimits.EffectiveLimit;
import dev.tally.streams.metering.FactIdentifier;
import dev.tally.streams.metering.PlanTerms;
import dev.tally.streams.metering.Thresholds;
import dev.tally.streams.metering.Thresholds.Threshold;
import dev.tally.streams.state.AccountCatalogue;
import dev.tally.streams.state.StoreKey;
import dev.tally.streams.state.WindowTotals;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import org.apache.kafka.common.utils.Bytes;
import org.jspecify.annotations.Nullable;

/** Applies usage to a subject's windows, action by action, and says what follows: the new totals and the alerts they raise. */
final class UsageApplier {

    private static final byte[] PRESENT = {};

    private final AccountStores stores;
    private final AccountCatalogue catalogue;
    private final Charges charges;
    private final Splits splits;
    private final AccountClock clock;
    private final BiConsumer<String, Message> out;

    UsageApplier(
            AccountStores stores,
            AccountCatalogue catalogue,
            Charges charges,
            AccountClock clock,
            BiConsumer<String, Message> out) {
        this.stores = stores;
        this.catalogue = catalogue;
        this.charges = charges;
        this.splits = new Splits(stores.splits());
        this.clock = clock;
        this.out = out;
    }

    /** One meter of a subject in one window. */
    private record Target(Subject subject, String meter, PlanTerms.Window window, Instant start, Instant end) {
        Bytes key() {
            int tag = window == PlanTerms.Window.DAY ? WindowTotals.DAY : WindowTotals.PERIOD;
            return WindowTotals.key(subject.text(), meter, tag)
                    .number(start.toEpochMilli())
                    .bytes();
        }
    }

    void apply(UsageSum sum) {
        Subject subject = Subject.parse(sum.getSubject());
        EffectiveLimits limits = catalogue.limits(subject, clock.logTime());
        // In order of first touch, which is the order of the actions.
        Map<Target, WindowTotals> touched = new LinkedHashMap<>();
        for (UsageStep step : sum.getSteps()) {
            UsageRow row = sum.getRows().get(step.getRow());
            boolean pays = row.getPayer().equals(sum.getSubject());
            // Sorted, so that the order of what is emitted does not depend on a map.
            new TreeMap<>(step.getAmounts()).forEach((meter, amount) -> {
                Instant dayEnd = BillingCalendar.day(row.getDay()).end();
                Target day = new Target(subject, meter, PlanTerms.Window.DAY, row.getDay(), dayEnd);
                touched.compute(day, (t, before) -> plus(t, before, step, amount, pays, limits));
                BillingSlot slot = row.getBilling();
                if (slot != null) {
                    Target period = new Target(
                            subject, meter, PlanTerms.Window.PERIOD, slot.getPeriodStart(), slot.getPeriodEnd());
                    touched.compute(period, (t, before) -> plus(t, before, step, amount, pays, limits));
                    if (pays) {
                        charges.charge(subject, meter, amount, slot);
                    }
                }
            });
        }
        if (subject.kind() == Subject.Kind.ORG) {
            sum.getRows()
                    .forEach(row -> row.getAmounts()
                            .forEach((meter, amount) -> splits.add(subject.text(), row, meter, amount)));
        }
        touched.forEach((target, totals) -> {
            stores.windows().put(target.key(), totals.toBytes());
            emit(target, totals, limits);
        });
    }

    private WindowTotals plus(
            Target target,
            @Nullable WindowTotals before,
            UsageStep step,
            long amount,
            boolean pays,
            EffectiveLimits limits) {
        WindowTotals totals = (before == null ? load(target) : before).plus(amount, pays, step.getOccurredAt());
        if (!pays) {
            return totals;
        }
        return limits.own(target.subject(), target.meter(), target.window())
                .map(limit -> raise(target, limit, totals, step.getEventId()))
                .orElse(totals);
    }

    private WindowTotals load(Target target) {
        Bytes key = target.key();
        byte[] stored = stores.windows().get(key);
        if (stored != null) {
            return WindowTotals.fromBytes(stored);
        }
        Bytes index = StoreKey.key()
                .number(target.end().toEpochMilli())
                .raw(key.get())
                .bytes();
        stores.expiry().put(index, PRESENT);
        return WindowTotals.empty(target.end());
    }

    private WindowTotals raise(Target target, EffectiveLimit limit, WindowTotals totals, String cause) {
        List<Threshold> passed =
                Thresholds.newlyPassed(limit.thresholds(), totals.limitUsed(), limit.amount(), totals.raised());
        for (Threshold threshold : passed) {
            QuotaAlert alert = alert(target, limit, totals.limitUsed(), threshold, cause);
            out.accept(alert.getSubject(), new Message.Alert(alert));
        }
        return passed.isEmpty() ? totals : totals.raising(passed);
    }

    private QuotaAlert alert(Target target, EffectiveLimit limit, long limitUsed, Threshold threshold, String cause) {
        AlertKind kind = AlertKind.valueOf(threshold.kind().name());
        Scope scope = Scope.valueOf(limit.terms().scope().name());
        int epoch = 0;
        return new QuotaAlert(
                FactIdentifier.ofAlert(
                        kind.name(),
                        target.subject(),
                        scope.name(),
                        target.subject().id(),
                        target.meter(),
                        target.start(),
                        threshold.percent(),
                        epoch),
                kind,
                severity(threshold.kind()),
                target.subject().text(),
                scope,
                target.subject().id(),
                target.meter(),
                target.start(),
                target.end(),
                threshold.percent(),
                epoch,
                limit.amount(),
                limitUsed,
                target.end(),
                limit.planId(),
                cause,
                !target.end().isAfter(clock.logTime()),
                clock.logTime());
    }

    private static Severity severity(Thresholds.Kind kind) {
        return switch (kind) {
            case WARNING, POOL_LOW -> Severity.WARNING;
            case REACHED, EXCEEDED -> Severity.CRITICAL;
        };
    }

    private void emit(Target target, WindowTotals totals, EffectiveLimits limits) {
        Long limit = limits.own(target.subject(), target.meter(), target.window())
                .map(EffectiveLimit::amount)
                .orElse(null);
        String key =
                Keys.usage(target.subject(), target.meter(), target.window().name(), target.start());
        out.accept(
                key,
                new Message.Snapshot(new UsageSnapshot(
                        target.subject().text(),
                        target.meter(),
                        UsageWindow.valueOf(target.window().name()),
                        target.start(),
                        target.end(),
                        totals.used(),
                        totals.limitUsed(),
                        limit,
                        totals.asOf())));
    }
}
