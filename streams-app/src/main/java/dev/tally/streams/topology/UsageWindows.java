package dev.tally.streams.topology;

import dev.tally.keys.Keys;
import dev.tally.keys.Subject;
import dev.tally.schemas.UsageSnapshot;
import dev.tally.schemas.UsageWindow;
import dev.tally.streams.metering.BillingCalendar;
import dev.tally.streams.metering.EffectiveLimits;
import dev.tally.streams.metering.Period;
import dev.tally.streams.metering.PlanTerms.Scope;
import dev.tally.streams.metering.PlanTerms.Window;
import dev.tally.streams.metering.Thresholds.Level;
import dev.tally.streams.state.HeapCells;
import dev.tally.streams.state.HeapCells.Cell;
import dev.tally.streams.state.HeapCells.Layout;
import dev.tally.streams.state.StoreKey;
import dev.tally.streams.state.Totals;
import dev.tally.streams.state.WindowKeys;
import dev.tally.streams.state.WindowKeys.Length;
import dev.tally.streams.state.WindowKeys.ScopeTag;
import dev.tally.streams.state.WindowTotals;
import dev.tally.streams.state.WriteBackStore;
import dev.tally.streams.topology.AccountTerms.Account;
import dev.tally.streams.topology.LimitWatch.Watched;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.jspecify.annotations.Nullable;

/**
 * The windows of a task's subjects, and of orgs' members and spaces: what they hold, what their limits say to it, and what is told of them:
 * at once the alerts, at the commit the new totals.
 */
final class UsageWindows {

    private static final int KEEP = 100_000;
    private static final int MOST_STARTS = 1_000;

    private final WriteBackStore store;
    private final HeapCells<WindowTotals> windows;
    private final AccountTerms terms;
    private final Pools pools;
    private final LimitWatch watch;
    private final AccountClock clock;
    private final BiConsumer<String, Message> out;
    private final Map<Instant, String> startTexts = new HashMap<>();

    UsageWindows(
            WriteBackStore store,
            AccountTerms terms,
            Pools pools,
            AccountClock clock,
            BiConsumer<String, Message> out) {
        this.store = store;
        this.windows = new HeapCells<>(
                store, new Layout<>(WindowTotals::toBytes, WindowTotals::fromBytes, WindowTotals.NONE), KEEP);
        store.overlay(this.windows);
        this.terms = terms;
        this.pools = pools;
        this.watch = new LimitWatch(pools, clock, out);
        this.clock = clock;
        this.out = out;
    }

    /**
     * Adds to a window, without judging it.
     *
     * @param pays whether it counts against the subject's own limits
     * @param newest when each meter was used last, in epoch milliseconds
     */
    void add(Watched target, List<String> meters, long[] amounts, boolean pays, long[] newest) {
        Cell<WindowTotals> cell = windows.cell(target.key());
        windows.set(cell, cell.value().with(target.end(), cell.value().totals().plus(meters, amounts, pays, newest)));
    }

    /** Raises the alerts that are due after amounts were added. */
    void raise(Watched target, List<String> meters, long[] amounts, String cause) {
        Cell<WindowTotals> cell = windows.cell(target.key());
        WindowTotals window = cell.value();
        for (int i = 0; i < amounts.length; i++) {
            if (amounts[i] > 0) {
                window = watch.raise(target, window, meters.get(i), cause);
            }
        }
        windows.set(cell, window);
    }

    /** Whether so much more of a meter would raise an alert. */
    boolean raisesAnything(Watched target, String meter, long more) {
        return watch.raisesAnything(target, windows.cell(target.key()).value(), meter, more);
    }

    /** Writes the windows back, and tells what has changed in them since the last time. */
    void writeBack() {
        windows.writeBack((cell, before) -> {
            if (WindowKeys.isOfSubject(cell.key())) {
                tell(cell.key(), before.totals(), cell.value());
            }
        });
    }

    /** Whether a window has more than was told of it. */
    boolean isChanged(Bytes window) {
        return windows.isChanged(window);
    }

    void expire(Bytes window) {
        windows.remove(window);
    }

    /** Judges a subject's windows of the present log time again, after a change of what holds for it, and tells what they stand at. */
    void reconsider(Subject of) {
        Account account = terms.account(of.text());
        if (account.canceledAt().isPresent()) {
            return;
        }
        Instant now = clock.logTime();
        judge(own(account, Window.DAY, BillingCalendar.day(now)));
        account.subscription().ifPresent(subscription -> {
            Period period = BillingCalendar.period(subscription.anchor(), now);
            account.limits(now).own().stream()
                    .filter(limit -> limit.pool() != null)
                    .forEach(limit -> pools.look(account, limit.terms().meter(), period.start()));
            judge(own(account, Window.PERIOD, period));
            if (of.kind() == Subject.Kind.ORG) {
                judgeShares(account, Window.DAY, BillingCalendar.day(now));
                judgeShares(account, Window.PERIOD, period);
            }
        });
    }

    private void judge(Watched watched) {
        Cell<WindowTotals> cell = windows.cell(watched.key());
        WindowTotals before = cell.value();
        if (before.totals().isEmpty()) {
            return;
        }
        WindowTotals after = watch.judge(watched, before);
        if (!after.equals(before)) {
            windows.set(cell, after);
        }
        if (WindowKeys.isOfSubject(watched.key())) {
            tell(watched.key(), Totals.NONE, after);
        }
    }

    private void judgeShares(Account org, Window window, Period time) {
        for (Scope scope : List.of(Scope.MEMBER, Scope.SPACE)) {
            StoreKey prefix = WindowKeys.scopedWindows(
                    length(window), time.start(), org.text(), Objects.requireNonNull(tag(scope)));
            List<String> ids = new ArrayList<>();
            try (KeyValueIterator<Bytes, byte[]> found = store.range(prefix.bytes(), prefix.afterPrefix())) {
                found.forEachRemaining(row -> ids.add(WindowKeys.scopeId(row.key)));
            }
            ids.forEach(id -> judge(share(org, scope, id, window, time)));
        }
    }

    /** What counts against a limit of a subject, or of a member or space, in the window of an instant. */
    Level level(Account account, EffectiveLimits.EffectiveLimit limit, String scopeId, Period time) {
        Scope scope = limit.terms().scope();
        Window window = limit.terms().window();
        Watched watched =
                tag(scope) == null ? own(account, window, time) : share(account, scope, scopeId, window, time);
        return watch.level(watched, limit, windows.cell(watched.key()).value());
    }

    /** A window of the subject itself. */
    static Watched own(Account account, Window window, Period time) {
        Subject subject = account.subject();
        return new Watched(
                account,
                subject.kind() == Subject.Kind.ORG ? Scope.ORG : Scope.USER,
                subject.id(),
                window,
                time.start(),
                time.end(),
                WindowKeys.window(length(window), time.start(), account.text()));
    }

    /** A window of a member or space of an org. */
    static Watched share(Account org, Scope scope, String id, Window window, Period time) {
        return new Watched(
                org,
                scope,
                id,
                window,
                time.start(),
                time.end(),
                WindowKeys.scoped(length(window), time.start(), org.text(), Objects.requireNonNull(tag(scope)), id));
    }

    private static @Nullable ScopeTag tag(Scope scope) {
        return switch (scope) {
            case MEMBER -> ScopeTag.MEMBER;
            case SPACE -> ScopeTag.SPACE;
            case USER, ORG -> null;
        };
    }

    private static Length length(Window window) {
        return switch (window) {
            case DAY -> Length.DAY;
            case PERIOD -> Length.PERIOD;
            case CONCURRENT -> throw new IllegalArgumentException("open holds are not counted in windows");
        };
    }

    private void tell(Bytes key, Totals before, WindowTotals after) {
        StoreKey.Reader reader = new StoreKey.Reader(key);
        Window window = reader.tag() == Length.DAY.tag() ? Window.DAY : Window.PERIOD;
        Instant start = Instant.ofEpochMilli(reader.number());
        Account account = terms.account(reader.text());
        Watched watched = own(account, window, new Period(start, after.end()));
        for (String meter : after.totals().meters()) {
            Totals.Total total = after.totals().of(meter).orElseThrow();
            if (before.of(meter).filter(total::equals).isEmpty()) {
                Optional<Level> level =
                        watched.limit(meter, clock.logTime()).map(limit -> watch.level(watched, limit, after));
                out.accept(
                        Keys.usage(account.text(), meter, window.name(), startText(start)),
                        new Message.Snapshot(new UsageSnapshot(
                                account.text(),
                                meter,
                                window == Window.DAY ? UsageWindow.DAY : UsageWindow.PERIOD,
                                start,
                                after.end(),
                                total.used(),
                                level.map(Level::used).orElse(total.limitUsed()),
                                level.map(Level::limit).orElse(null),
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
