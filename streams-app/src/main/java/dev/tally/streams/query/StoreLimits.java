package dev.tally.streams.query;

import dev.tally.keys.Subject;
import dev.tally.streams.metering.BillingCalendar;
import dev.tally.streams.metering.EffectiveLimits;
import dev.tally.streams.metering.EffectiveLimits.EffectiveLimit;
import dev.tally.streams.metering.LimitState;
import dev.tally.streams.metering.Period;
import dev.tally.streams.metering.PlanTerms.AllocationTerms;
import dev.tally.streams.metering.PlanTerms.Scope;
import dev.tally.streams.metering.PlanTerms.Window;
import dev.tally.streams.metering.SubscriptionTerms;
import dev.tally.streams.metering.Thresholds.Level;
import dev.tally.streams.state.AccountCatalogue;
import dev.tally.streams.state.HeldAmount;
import dev.tally.streams.state.StoreKey;
import dev.tally.streams.state.StoreNames;
import dev.tally.streams.state.Totals;
import dev.tally.streams.state.WindowKeys;
import dev.tally.streams.state.WindowKeys.Length;
import dev.tally.streams.state.WindowKeys.ScopeTag;
import dev.tally.streams.state.WindowTotals;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.jspecify.annotations.Nullable;

/** Where the limits of a subject stand, from the stores of the accounts stage. */
final class StoreLimits {

    private final LocalStores stores;
    private final StoreBilling billing;
    private final Function<Subject, AccountCatalogue> accounts;

    StoreLimits(LocalStores stores, StoreBilling billing, Function<Subject, AccountCatalogue> accounts) {
        this.stores = stores;
        this.billing = billing;
        this.accounts = accounts;
    }

    /**
     * A row for each limit; of those for members and spaces one for each that has used something in the open window.
     *
     * @param today what of a meter the subject has used today that its limits count
     */
    List<LimitRow> rows(Subject subject, Instant now, ToLongFunction<String> today) {
        AccountCatalogue terms = accounts.apply(subject);
        Optional<SubscriptionTerms> subscription = terms.subscription(subject);
        if (subscription.isEmpty()) {
            return List.of();
        }
        EffectiveLimits limits = terms.limits(subject, now);
        Period period = BillingCalendar.period(subscription.get().anchor(), now);
        List<LimitRow> rows = new ArrayList<>();
        for (EffectiveLimit limit : limits.own()) {
            rows.add(ownRow(subject, limit, period, now, today));
        }
        for (Scope scope : List.of(Scope.MEMBER, Scope.SPACE)) {
            if (limits.limits(scope)) {
                addShares(rows, subject, scope, limits, period, now);
            }
        }
        return rows;
    }

    private LimitRow ownRow(
            Subject subject, EffectiveLimit limit, Period period, Instant now, ToLongFunction<String> today) {
        String meter = limit.terms().meter();
        return switch (limit.terms().window()) {
            case DAY -> {
                Level level = Level.of(today.applyAsLong(meter), limit.amount());
                yield row(
                        subject,
                        limit,
                        subject.id(),
                        level,
                        BillingCalendar.day(now).end());
            }
            case PERIOD -> {
                AllocationTerms pool = limit.pool();
                Level level = pool == null
                        ? level(stores.window(subject, Length.PERIOD, period.start()), limit)
                        : billing.pool(subject, meter, pool, period, now).level();
                yield row(subject, limit, subject.id(), level, period.end());
            }
            case CONCURRENT -> row(subject, limit, subject.id(), Level.of(0, limit.amount()), null);
        };
    }

    private void addShares(
            List<LimitRow> rows, Subject org, Scope scope, EffectiveLimits limits, Period period, Instant now) {
        Period day = BillingCalendar.day(now);
        ScopeTag tag = scope == Scope.MEMBER ? ScopeTag.MEMBER : ScopeTag.SPACE;
        Map<String, Totals> inPeriod =
                shares(WindowKeys.scopedWindows(Length.PERIOD, period.start(), org.text(), tag), org);
        Map<String, Totals> today = limits.limitsDays(scope)
                ? shares(WindowKeys.scopedWindows(Length.DAY, day.start(), org.text(), tag), org)
                : Map.of();
        inPeriod.forEach((id, totals) -> {
            for (EffectiveLimit limit : limits.of(scope, id)) {
                Window window = limit.terms().window();
                switch (window) {
                    case DAY ->
                        rows.add(row(org, limit, id, level(today.getOrDefault(id, Totals.NONE), limit), day.end()));
                    case PERIOD -> rows.add(row(org, limit, id, level(totals, limit), period.end()));
                    case CONCURRENT -> rows.add(row(org, limit, id, Level.of(0, limit.amount()), null));
                }
            }
        });
    }

    private Map<String, Totals> shares(StoreKey prefix, Subject org) {
        Map<String, Totals> shares = new TreeMap<>();
        try (KeyValueIterator<Bytes, byte[]> found =
                stores.account(org, StoreNames.ACCOUNT_WINDOWS).range(prefix.bytes(), prefix.afterPrefix())) {
            found.forEachRemaining(row -> shares.put(
                    WindowKeys.scopeId(row.key),
                    WindowTotals.fromBytes(row.value).totals()));
        }
        return shares;
    }

    private static Level level(Totals totals, EffectiveLimit limit) {
        return Level.of(totals.limitUsed(limit.terms().meter()), limit.amount());
    }

    /** What is held counts against the limits of an admission, and is all that counts against one on open holds. */
    private LimitRow row(Subject payer, EffectiveLimit limit, String scopeId, Level level, @Nullable Instant resetsAt) {
        boolean onHolds = limit.terms().window() == Window.CONCURRENT;
        HeldAmount held = HeldAmount.read(
                stores.account(payer, StoreNames.ACCOUNT_ADMISSIONS),
                payer,
                limit.terms().scope(),
                scopeId,
                limit.terms().meter());
        Level state = onHolds ? Level.of(held.holds(), limit.amount()) : level;
        return new LimitRow(
                limit.terms().scope(),
                scopeId,
                limit.terms().meter(),
                limit.terms().window(),
                level.used(),
                onHolds ? held.holds() : held.amount(),
                level.limit(),
                limit.terms().beyond(),
                LimitState.of(state, limit.thresholds()),
                resetsAt);
    }
}
