package dev.tally.streams.topology;

import dev.tally.schemas.QuotaAlert;
import dev.tally.streams.metering.EffectiveLimits.EffectiveLimit;
import dev.tally.streams.metering.PlanTerms.AllocationTerms;
import dev.tally.streams.metering.PlanTerms.Scope;
import dev.tally.streams.metering.PlanTerms.Window;
import dev.tally.streams.metering.Thresholds;
import dev.tally.streams.metering.Thresholds.Level;
import dev.tally.streams.metering.Thresholds.Threshold;
import dev.tally.streams.state.AlertMarks;
import dev.tally.streams.state.WindowTotals;
import dev.tally.streams.topology.AccountTerms.Account;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import org.apache.kafka.common.utils.Bytes;

/** Judges windows by the limits that hold for them: with each action, and again after each change of what holds. */
final class LimitWatch {

    /** What an alert that no action caused names as its cause. */
    private static final String BY_CATALOGUE = "catalogue";

    private final Pools pools;
    private final AccountClock clock;
    private final BiConsumer<String, Message> out;

    LimitWatch(Pools pools, AccountClock clock, BiConsumer<String, Message> out) {
        this.pools = pools;
        this.clock = clock;
        this.out = out;
    }

    /**
     * One window of a subject, or of a member or space of an org.
     *
     * @param scopeId id of the subject, member or space
     */
    record Watched(Account account, Scope scope, String scopeId, Window window, Instant start, Instant end, Bytes key) {

        private List<EffectiveLimit> limits(Instant now) {
            return switch (scope) {
                case USER, ORG -> account.limits(now).own();
                case MEMBER, SPACE -> account.limits(now).of(scope, scopeId);
            };
        }

        /** The limit of a meter in this window. */
        Optional<EffectiveLimit> limit(String meter, Instant now) {
            for (EffectiveLimit limit : limits(now)) {
                if (limit.terms().window() == window && limit.terms().meter().equals(meter)) {
                    return Optional.of(limit);
                }
            }
            return Optional.empty();
        }
    }

    /** Where a window stands against one of its limits. */
    Level level(Watched of, EffectiveLimit limit, WindowTotals window) {
        AllocationTerms pool = limit.pool();
        return pool == null
                ? Level.of(window.totals().limitUsed(limit.terms().meter()), limit.amount())
                : pools.pool(of.account(), limit, pool, of.start()).level();
    }

    /** Whether more usage of a meter passes a threshold. */
    boolean raisesAnything(Watched of, WindowTotals window, String meter, long more) {
        return of.limit(meter, clock.logTime())
                .filter(limit -> !Thresholds.newlyPassed(
                                limit.thresholds(),
                                level(of, limit, window).plus(more),
                                window.marks().of(meter).raised())
                        .isEmpty())
                .isPresent();
    }

    /** Raises what an action has newly passed. */
    WindowTotals raise(Watched of, WindowTotals window, String meter, String cause) {
        return of.limit(meter, clock.logTime())
                .map(limit -> raise(of, window, limit, level(of, limit, window), cause))
                .orElse(window);
    }

    private WindowTotals raise(Watched of, WindowTotals window, EffectiveLimit limit, Level level, String cause) {
        String meter = limit.terms().meter();
        AlertMarks.Marks marks = window.marks().of(meter);
        List<Threshold> passed = Thresholds.newlyPassed(limit.thresholds(), level, marks.raised());
        for (Threshold threshold : passed) {
            emit(Alerts.raised(
                    cause(of, meter, cause), limit, level, threshold, marks.epoch(threshold), clock.logTime()));
        }
        return passed.isEmpty() ? window : window.with(window.marks().raising(meter, passed));
    }

    /** Judges a window again, after a change of what holds for it: what has ended is told, and what is passed now. */
    WindowTotals judge(Watched of, WindowTotals before) {
        WindowTotals window = before;
        TreeSet<String> meters = new TreeSet<>(before.marks().raisedMeters());
        Instant now = clock.logTime();
        of.limits(now).stream()
                .filter(limit -> limit.terms().window() == of.window())
                .forEach(limit -> meters.add(limit.terms().meter()));
        for (String meter : meters) {
            Optional<EffectiveLimit> limit = of.limit(meter, now);
            WindowTotals totals = window;
            Optional<Level> level = limit.map(holds -> level(of, holds, totals));
            window = end(of, window, meter, limit, level);
            if (limit.isPresent() && level.orElseThrow().used() > 0) {
                window = raise(of, window, limit.get(), level.get(), BY_CATALOGUE);
            }
        }
        return window;
    }

    private WindowTotals end(
            Watched of, WindowTotals window, String meter, Optional<EffectiveLimit> limit, Optional<Level> level) {
        AlertMarks.Marks marks = window.marks().of(meter);
        List<Threshold> ended = new ArrayList<>();
        for (Threshold threshold : marks.raised()) {
            if (level.isEmpty() || Thresholds.isBelow(threshold, level.get())) {
                ended.add(threshold);
            }
        }
        if (ended.isEmpty()) {
            return window;
        }
        Threshold highest = ended.stream()
                .max(Comparator.comparing(Threshold::kind).thenComparingInt(Threshold::percent))
                .orElseThrow();
        long used = level.map(Level::used).orElse(window.totals().limitUsed(meter));
        emit(Alerts.recovered(
                cause(of, meter, BY_CATALOGUE), limit, level, used, highest, marks.epoch(highest), clock.logTime()));
        return window.with(window.marks().ending(meter, ended));
    }

    private static Alerts.Cause cause(Watched of, String meter, String cause) {
        return new Alerts.Cause(of.account().subject(), of.scope(), of.scopeId(), meter, of.start(), of.end(), cause);
    }

    private void emit(QuotaAlert alert) {
        out.accept(alert.getSubject(), new Message.Alert(alert));
    }
}
